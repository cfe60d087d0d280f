// Owns the shapes that queries share: lists, times and numbers as they are written in addresses.
import { z } from 'zod'
import { parseDuration } from '../core/duration.ts'
import { parseTime } from '../core/entry-time.ts'

const LIST_MAX = 50
const TEXT_LENGTH_MAX = 200
const GROUP_VALUE_LENGTH_MAX = 1_000

/** `a,b`, or the key several times; without values it is empty. */
export function listOf<T extends string>(value: z.ZodType<T>) {
  return z
    .union([z.string(), z.array(z.string())])
    .optional()
    .transform((given) =>
      [given ?? []]
        .flat()
        .flatMap((text) => text.split(','))
        .map((text) => text.trim())
        .filter((text) => text !== ''),
    )
    .pipe(z.array(value).max(LIST_MAX) as unknown as z.ZodType<T[], string[]>)
    .meta({ description: 'Several with commas.' })
}

/** `user:anna`, the key several times for several: values may hold commas, so that lists can't. */
export const groupValues = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .transform((given, context) =>
    [given ?? []].flat().map((text) => {
      const at = text.indexOf(':')
      if (at > 0) return { name: text.slice(0, at), value: text.slice(at + 1) }
      context.addIssue({ code: 'custom', message: 'expected NAME:VALUE, such as user:anna' })
      return z.NEVER
    }),
  )
  .pipe(
    z
      .array(z.object({ name: z.string(), value: z.string().max(GROUP_VALUE_LENGTH_MAX) }))
      .max(LIST_MAX),
  )
  .meta({ description: '`NAME:VALUE`, what its events share; several by giving it several times.' })

export const searchText = z
  .string()
  .max(TEXT_LENGTH_MAX)
  .optional()
  .transform((text) => text?.trim() ?? '')

export const word = z.string().max(TEXT_LENGTH_MAX)

/** A point in time: ISO 8601, or a duration, which means so long ago. */
export function moment(now: () => number, otherwise: () => number) {
  return z
    .string()
    .max(40)
    .optional()
    .transform((text, context) => {
      if (text === undefined || text === '') return otherwise()
      const ago = parseDuration(text)
      const time = ago === undefined ? parseTime(text) : now() - ago
      if (time !== undefined) return time
      context.addIssue({ code: 'custom', message: 'expected 2026-11-20T09:00:00Z, or 24h (ago)' })
      return z.NEVER
    })
    .meta({ description: 'ISO 8601, or a duration such as 24h: so long ago.' })
}

export function limitUpTo(max: number, otherwise: number) {
  return z.coerce.number().int().min(1).max(max).default(otherwise)
}
