// Owns what every receiver must do, whatever it delivers to: run by the test of each.
import { inspect } from 'node:util'
import pino from 'pino'
import { afterEach, describe, expect, it } from 'vitest'
import type { Reason } from '../../src/core/alert.ts'
import type { Log } from '../../src/observe/log.ts'
import {
  DeliveryError,
  type Receiver,
  type ReceiverContext,
  type ReceiverMemory,
} from '../../src/notify/receiver.ts'
import { alertWith, HIDDEN_CHARACTERS, HOSTILE_TEXTS } from './hostile.ts'
import { digestSample, digestWith } from './message-kinds.ts'
import { alertOf, notificationOf } from './notifications.ts'

/** One receiver, connected to a real server of its own. */
export type Bench = {
  readonly receiver: Receiver
  /** Each accepted message as text: decoded, but with whatever escapes the medium knows. */
  delivered(): readonly string[]
  /** Makes the next sends hang after the request; resolves once one does. Absent: can't hang. */
  readonly hang?: () => Promise<void>
  close(): Promise<void>
}

export type FailureCase = {
  readonly name: string
  /** Makes the other side fail from now on. */
  provoke(): void | Promise<void>
  readonly expected: Partial<
    Pick<DeliveryError, 'reason' | 'retryable' | 'retryAfterMs' | 'maybeAccepted'>
  >
}

export type Subject<B extends Bench> = {
  readonly type: string
  open(context: ReceiverContext): Promise<B>
  /** What must never be told. */
  secrets(bench: B): readonly string[]
  failures(bench: B): readonly FailureCase[]
  /** Names of the failures: tests are listed before anything is open. */
  readonly failureNames: readonly string[]
  /** Makes the other side well again. */
  heal(bench: B): void
  /** Throws when event text could do anything but be read. */
  checkHarmless(delivered: string): void
  readonly lengthMax: number
  /** What a message about the first test alert tells, where that isn't sentences for people. */
  readonly told?: readonly string[]
  /** How a reason, and the notes of a message, are told there; undefined: not at all. */
  readonly reasonWords?: (reason: Reason) => string
  readonly noteWords?: readonly string[]
}

/** What people read in a message about the first test alert. */
const TOLD = [
  'HIGH',
  'mallory@example.com deleted 12 resources',
  'A-1042',
  'ionos-bulk-delete',
  '203.0.113.42',
  '31720001',
  '12 events',
  '2026-11-20 10:14:07',
  '09:14:07',
  'Europe/Berlin',
  'Ask the user',
  'operation is',
]

const NOTES = ['May be a repeat', 'Detected 3 h late.', 'Disputed']

const NEVER = new AbortController().signal

/** Keeps every line of log as text. */
export function recordingLog(): { log: Log; lines: string[] } {
  const lines: string[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) })
  return { log, lines }
}

/** What a receiver remembers, for one test. */
export function openMemory(): ReceiverMemory {
  const values = new Map<string, string>()
  return {
    get: async (key) => values.get(key),
    set: async (key, value) => void values.set(key, value),
  }
}

/** A context in Berlin whose clock stands still at the time of the test alerts. */
export function testContext(over: Partial<ReceiverContext> = {}): ReceiverContext {
  return {
    name: 'secops',
    clock: { now: () => Date.parse('2026-11-20T09:20:00Z'), sleep: async () => {} },
    log: recordingLog().log,
    timezone: 'Europe/Berlin',
    output: { write: () => true, colour: false },
    memory: openMemory(),
    ...over,
  }
}

/** The error of a send that must fail. */
export async function failureOf(sending: Promise<void>): Promise<DeliveryError> {
  const outcome = await sending.then(
    () => 'accepted',
    (error: unknown) => error,
  )
  if (!(outcome instanceof DeliveryError))
    throw new Error(`no DeliveryError but ${String(outcome)}`)
  return outcome
}

/** Nothing of the error, its causes, its stack or the log holds a secret. */
export function expectNoSecret(
  texts: readonly unknown[],
  secrets: readonly string[],
  lines: readonly string[],
): void {
  const told = [...texts.map((one) => inspect(one, { depth: 20, showHidden: true })), ...lines]
  for (const secret of secrets) {
    for (const text of told) expect(text).not.toContain(secret)
  }
}

const REASON_WORDS: readonly (readonly [Reason, string])[] = [
  ['severity', 'Severity rose to high.'],
  ['grown', 'Grown to 12 events.'],
  ['repeat', 'Reminder: still open'],
  ['escalation', 'Escalation: not acknowledged in time.'],
  ['acknowledged', 'Acknowledged: somebody takes care of it.'],
  ['resolved', 'Resolved.'],
  ['withdrawn', 'Withdrawn: an entry that arrived late'],
  ['test', 'This is a test.'],
]

export function describeReceiver<B extends Bench>(subject: Subject<B>): void {
  describe(`every receiver: ${subject.type}`, () => {
    const open: B[] = []
    const openBench = async (log: Log = recordingLog().log): Promise<B> => {
      const bench = await subject.open(testContext({ log }))
      open.push(bench)
      return bench
    }
    afterEach(async () => {
      for (const bench of open.splice(0)) await bench.close()
    })

    it('resolves when the other side has the message, which tells what matters', async () => {
      const bench = await openBench()
      await bench.receiver.send(notificationOf(), NEVER)
      expect(bench.delivered()).toHaveLength(1)
      const [text = ''] = bench.delivered()
      for (const words of subject.told ?? TOLD) expect(text).toContain(words)
    })

    it('knows its name and type', async () => {
      const { receiver } = await openBench()
      expect([receiver.name, receiver.type]).toEqual(['secops', subject.type])
    })

    it.each(REASON_WORDS)('says why it comes: %s', async (reason, words) => {
      const bench = await openBench()
      await bench.receiver.send(notificationOf({ reason }), NEVER)
      expect(bench.delivered()[0]).toContain(subject.reasonWords?.(reason) ?? words)
    })

    it('says that it may be a repeat, is late, and that the match is disputed', async () => {
      const bench = await openBench()
      const alert = alertOf({ disputed: true })
      const createdAt = alert.last + 3 * 3_600_000
      const notification = notificationOf({ alert, createdAt, possibleRepeat: true })
      await bench.receiver.send(notification, NEVER)
      const [text = ''] = bench.delivered()
      for (const words of subject.noteWords ?? NOTES) expect(text).toContain(words)
    })

    it('tells a digest: how many of what, the worst by name, and that it may be a repeat', async () => {
      const bench = await openBench()
      await bench.receiver.send(digestSample({ possibleRepeat: true }), NEVER)
      const [text = ''] = bench.delivered()
      expect(text).toContain('412')
      expect(text).toContain('369')
      expect(text).toContain(subject.noteWords?.[0] ?? 'May be a repeat')
      expect(text).toContain('Many resources deleted in a short time')
      expect(text).toContain('A-1001')
    })

    it.each(HOSTILE_TEXTS)('makes harmless in a digest: %s', async (_name, text) => {
      const bench = await openBench()
      await bench.receiver.send(digestWith(text), NEVER)
      const [delivered = ''] = bench.delivered()
      expect(delivered.length).toBeGreaterThan(0)
      expect(delivered.length).toBeLessThanOrEqual(subject.lengthMax)
      expect(HIDDEN_CHARACTERS.exec(delivered)).toBeNull()
      subject.checkHarmless(delivered)
    })

    it('takes the same notification twice, and several at once', async () => {
      const bench = await openBench()
      const sends = [1, 2, 3].map(() => bench.receiver.send(notificationOf(), NEVER))
      await Promise.all(sends)
      expect(bench.delivered()).toHaveLength(3)
    })

    it.each(HOSTILE_TEXTS)('makes harmless: %s', async (_name, text) => {
      const bench = await openBench()
      const alert = alertWith(text)
      await bench.receiver.send(notificationOf({ alert, possibleRepeat: true }), NEVER)
      const [delivered = ''] = bench.delivered()
      expect(delivered.length).toBeGreaterThan(0)
      expect(delivered.length).toBeLessThanOrEqual(subject.lengthMax)
      expect(HIDDEN_CHARACTERS.exec(delivered)).toBeNull()
      expect(delivered).toContain('A-1042')
      expect(delivered).toContain('Ask the user')
      subject.checkHarmless(delivered)
    })

    it('does not send what was cancelled before', async () => {
      const bench = await openBench()
      const error = await failureOf(bench.receiver.send(notificationOf(), AbortSignal.abort()))
      expect(error).toMatchObject({ reason: 'aborted', retryable: true })
      expect(bench.delivered()).toHaveLength(0)
    })

    it('stops at once when it is cancelled in the middle; it may have arrived', async () => {
      const bench = await openBench()
      if (bench.hang === undefined) return
      const arrived = bench.hang()
      const controller = new AbortController()
      const sending = failureOf(bench.receiver.send(notificationOf(), controller.signal))
      await arrived
      controller.abort()
      const error = await sending
      expect(error).toMatchObject({ reason: 'aborted', retryable: true, maybeAccepted: true })
    })

    it.each(subject.failureNames)('classifies, tells no secret, and recovers: %s', async (name) => {
      const { log, lines } = recordingLog()
      const bench = await openBench(log)
      const failure = subject.failures(bench).find((one) => one.name === name)
      if (failure === undefined) throw new Error(`no failure ${name}`)
      await failure.provoke()
      const error = await failureOf(bench.receiver.send(notificationOf(), NEVER))
      expect(error).toMatchObject(failure.expected)
      expect(error.message).toContain('secops')
      expectNoSecret([error], subject.secrets(bench), lines)
      subject.heal(bench)
      const before = bench.delivered().length
      await bench.receiver.send(notificationOf(), NEVER)
      expect(bench.delivered()).toHaveLength(before + 1)
    })

    it('refuses what comes after closing, for now', async () => {
      const { receiver } = await openBench()
      await receiver.close()
      const error = await failureOf(receiver.send(notificationOf(), NEVER))
      expect(error).toMatchObject({ retryable: true, maybeAccepted: false })
    })

    it('closes, and closes again', async () => {
      const { receiver } = await openBench()
      await receiver.send(notificationOf(), NEVER)
      await receiver.close()
      await receiver.close()
    })
  })
}
