// Owns which kinds of receivers there are. What a receiver is: receiver.ts.
import { email } from './email.ts'
import { ndjson } from './ndjson.ts'
import { pagerduty } from './pagerduty.ts'
import type { Receiver, ReceiverContext, ReceiverKind } from './receiver.ts'
import { slack } from './slack.ts'
import { stdout } from './stdout.ts'
import { webhook } from './webhook.ts'

/** Every kind by its `type` in the configuration. */
export const RECEIVER_KINDS = { slack, email, webhook, pagerduty, ndjson, stdout } as const

export type ReceiverType = keyof typeof RECEIVER_KINDS

export const RECEIVER_TYPES: readonly string[] = Object.keys(RECEIVER_KINDS)

/** Whether a word of the configuration names a kind of receiver. */
export function isReceiverType(type: string): type is ReceiverType {
  return Object.hasOwn(RECEIVER_KINDS, type)
}

/**
 * A receiver of the kind `type`. `config` holds the kind's own keys only (not `type`, `budget`,
 * `pace`) and is checked once more: throws a ZodError, without the values, when it does not fit.
 */
export function createReceiver(
  type: ReceiverType,
  config: unknown,
  context: ReceiverContext,
): Receiver {
  const kind: ReceiverKind<unknown> = RECEIVER_KINDS[type]
  return kind.create(kind.schema.parse(config), context)
}
