// Owns `tocsin deliveries list`: what waits, is being sent, or was given up, by receiver.
import { Command, InvalidArgumentError, Option } from 'commander'
import { alertName } from '../core/alert.ts'
import { isDigest, noticeSeverity } from '../core/digest.ts'
import { oneLine } from '../notify/escape.ts'
import type { DeliveryCounts, QueuedDelivery, QueuedState } from '../queue/delivery-queue.ts'
import type { Cli } from './context.ts'
import { chosenQueues, withDeliveryQueues } from './open-deliveries.ts'
import { readSettings } from './settings.ts'
import { formatTable } from './table.ts'

const STATES: readonly QueuedState[] = ['dead', 'sending', 'waiting']
const LIMIT_DEFAULT = 50
const LIMIT_MAX = 10_000
const FAILURE_LENGTH_MAX = 300

type Options = { readonly receiver?: string; readonly state?: QueuedState; readonly limit: number }

export function deliveriesListCommand(cli: Cli): Command {
  return new Command('list')
    .description('what waits, is being sent, or was given up')
    .option('--receiver <name>', 'only those of one receiver')
    .addOption(new Option('--state <state>', 'only those in one state').choices(STATES))
    .option('--limit <number>', 'at most so many of each receiver', parseLimit, LIMIT_DEFAULT)
    .addHelpText(
      'after',
      '\nExample:\n  tocsin deliveries list --state dead\n\nWhat was delivered is in `tocsin alerts show`.',
    )
    .action(async (options: Options, command: Command) => {
      const settings = await readSettings(cli, command)
      const states = options.state === undefined ? STATES : [options.state]
      const found = await withDeliveryQueues(settings, cli, async (queues) => {
        const chosen = chosenQueues(queues, options.receiver)
        return Promise.all(
          chosen.map(async (queue) => ({
            receiver: queue.receiver,
            counts: await queue.counts(),
            deliveries: await queue.list(states, options.limit),
          })),
        )
      })
      if (settings.json) writeJson(cli, found)
      else write(cli, found)
    })
}

type Found = {
  readonly receiver: string
  readonly counts: DeliveryCounts
  readonly deliveries: readonly QueuedDelivery[]
}

function writeJson({ stdout }: Cli, found: readonly Found[]): void {
  const receivers = found.map(({ receiver, counts, deliveries }) => ({
    receiver,
    counts,
    deliveries: deliveries.map(deliveryJson),
  }))
  stdout.write(`${JSON.stringify({ receivers })}\n`)
}

function deliveryJson(delivery: QueuedDelivery) {
  const { id, state, notice, attempts, endedAt, nextAt, failure } = delivery
  return {
    id,
    state,
    reason: notice.reason,
    severity: noticeSeverity(notice),
    alert: isDigest(notice) ? null : alertName(notice.alert),
    alerts: isDigest(notice) ? notice.alerts : 1,
    created: isoTime(notice.createdAt),
    attempts,
    ...(endedAt === undefined ? {} : { ended: isoTime(endedAt) }),
    ...(nextAt === undefined ? {} : { next: isoTime(nextAt) }),
    ...(failure === undefined ? {} : { failure }),
  }
}

const HEAD = ['RECEIVER', 'STATE', 'ALERT', 'SEVERITY', 'REASON', 'SINCE', 'TRIES', 'FAILURE']

function write({ stdout }: Cli, found: readonly Found[]): void {
  const rows = found.flatMap(({ receiver, deliveries }) =>
    deliveries.map((delivery) => [receiver, ...cellsOf(delivery)]),
  )
  if (rows.length > 0) stdout.write(formatTable([HEAD, ...rows], stdout))
  for (const { receiver, counts } of found) {
    const { dead, sending, waiting } = counts
    stdout.write(`${receiver}: ${dead} dead, ${sending} being sent, ${waiting} waiting\n`)
  }
}

function cellsOf({ state, notice, attempts, failure }: QueuedDelivery): readonly string[] {
  return [
    state,
    isDigest(notice) ? `${notice.alerts} alerts` : alertName(notice.alert),
    noticeSeverity(notice),
    notice.reason,
    isoTime(notice.createdAt).replace(/\.\d+Z$/, 'Z'),
    String(attempts),
    failure === undefined ? '-' : oneLine(failure, FAILURE_LENGTH_MAX),
  ]
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}

function parseLimit(text: string): number {
  const limit = Number(text)
  if (Number.isInteger(limit) && limit >= 1 && limit <= LIMIT_MAX) return limit
  throw new InvalidArgumentError(`a whole number from 1 to ${LIMIT_MAX} is needed`)
}
