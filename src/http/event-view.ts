// Owns how the API shows events: their facts, the rules they matched, and the entry itself.
import { z } from 'zod'
import type { Calendar } from '../core/calendar.ts'
import type { Event, LookUp } from '../core/event.ts'
import { normalizeEntry } from '../core/normalize.ts'
import type { StoredEvent } from '../state/view-stores.ts'
import { isoTime } from './alert-view.ts'

export const eventShape = z.object({
  id: z.string(),
  time: z.string(),
  contract: z.string(),
  rules: z.array(z.string()).describe('Ids of the rules it matched when it was evaluated.'),
  facts: z.record(z.string(), z.unknown()).describe('What rules may speak about.'),
  entry: z.unknown().describe('As the API gave it.'),
})

export type EventView = z.output<typeof eventShape>

/** What makes facts of an entry. */
export type Normalizing = { readonly calendar: Calendar; readonly lookUp?: LookUp | undefined }

export function toEvent(
  stored: Pick<StoredEvent, 'entry' | 'readAt'>,
  contract: string | undefined,
  { calendar, lookUp }: Normalizing,
): Event | undefined {
  const context = { contract, readTimeMs: stored.readAt, calendar, lookUp }
  return normalizeEntry(stored.entry, context).event
}

export function eventView(
  stored: StoredEvent,
  contract: string,
  normalizing: Normalizing,
): EventView {
  const event = toEvent(stored, contract, normalizing)
  return {
    id: stored.id,
    time: isoTime(stored.time),
    contract,
    rules: [...stored.rules],
    facts: event === undefined ? {} : factsOf(event),
    entry: stored.entry,
  }
}

/** Without what the entry does not tell, and without the entry itself. */
export function factsOf(event: Event): Record<string, unknown> {
  const told = Object.entries(event).filter(
    ([name, value]) => value !== undefined && name !== 'entry',
  )
  return Object.fromEntries(told)
}
