// Owns windows of events in Redis: one script for each window, one round trip for all of a batch.
import type { Redis } from 'ioredis'
import type { Alert } from '../core/alert.ts'
import { EXPIRY_SECONDS, type Keys } from './keys.ts'
import { ASK_WINDOWS, FINISH_DUE } from './redis-window-scripts.ts'
import { runScript, type ScriptCall } from './script.ts'
import type { WindowAnswer, WindowMember, WindowQuestion, WindowStore } from './stores.ts'

export function createRedisWindowStore(redis: Redis, keys: Keys): WindowStore {
  return {
    async ask(contract, questions) {
      const calls: ScriptCall[] = []
      for (let at = 0; at < questions.length; at += WINDOWS_PER_CALL_MAX) {
        calls.push(callOf(contract, questions.slice(at, at + WINDOWS_PER_CALL_MAX), keys))
      }
      const answers = await runScript(redis, ASK_WINDOWS, calls)
      return answers
        .flat(1)
        .map((answer, at) => readAnswer(answer, questions[at] as WindowQuestion))
    },

    async newest(contract, windows) {
      const commands = redis.pipeline()
      for (const window of windows) {
        commands.zrange(keys.windowMembers(contract, window), '-1', '-1', 'WITHSCORES')
      }
      const answers = (await commands.exec()) ?? []
      return answers.map(([error, found]) => {
        if (error) throw error
        const [, time] = found as string[]
        return time === undefined ? undefined : Number(time)
      })
    },

    async nextDue(contract) {
      const [, dueMs] = await redis.zrange(keys.timers(contract), '0', '0', 'WITHSCORES')
      return dueMs === undefined ? undefined : Number(dueMs)
    },

    async due(contract, markMs, limit) {
      const found = await redis.zrangebyscore(
        keys.timers(contract),
        '-inf',
        markMs,
        'WITHSCORES',
        'LIMIT',
        0,
        limit,
      )
      const names = found.filter((_, at) => at % 2 === 0)
      const commands = redis.pipeline()
      for (const name of names) commands.hget(keys.window(contract, name), 'about')
      const abouts = (await commands.exec()) ?? []
      return names.map((window, at) => {
        const [error, about] = abouts[at] ?? []
        if (error) throw error
        const dueMs = Number(found[at * 2 + 1])
        return { window, dueMs, about: typeof about === 'string' ? about : '' }
      })
    },

    async finishDue(contract, { window, dueMs, uptoMs, waitMs }) {
      await runScript(redis, FINISH_DUE, [
        {
          keys: [keys.timers(contract), keys.windowMembers(contract, window)],
          args: [window, dueMs, uptoMs, waitMs],
        },
      ])
    },
  }
}

/** Windows that are asked in one call; Redis serves nobody else for about 5 ms then. */
const WINDOWS_PER_CALL_MAX = 200

function callOf(contract: string, questions: readonly WindowQuestion[], keys: Keys): ScriptCall {
  const names = [keys.timers(contract)]
  const kinds = new Map<string, number>()
  const args: (string | number)[] = []
  for (const question of questions) {
    const { window, group, added, read, replace, members, wakeAtMs, about } = question
    names.push(
      keys.window(contract, window),
      keys.windowMembers(contract, window),
      keys.windowRare(contract, window),
      keys.group(contract, group),
      keys.spans(contract, group),
      keys.extents(contract, group),
    )
    const text = kindText(question)
    const kind = kinds.get(text) ?? kinds.size + 1
    kinds.set(text, kind)
    const reach = `${score(read.from)} ${score(read.to)} ${score(replace.from)} ${score(replace.to)}`
    // One argument of many words: each argument costs both sides about a microsecond.
    args.push(
      `${kind} ${window} ${added.from} ${added.to} ${reach} ${wakeAtMs ?? '-'} ${members.length}`,
      about ?? '',
    )
    for (const { time, text, value } of members) args.push(time, text, value ?? '')
  }
  return { keys: names, args: [EXPIRY_SECONDS.timers, kinds.size, ...kinds.keys(), ...args] }
}

/** What the windows of a rule share. */
function kindText(question: WindowQuestion): string {
  const { shape, needed, quietMs, membersMax, expirySeconds, unitMs, sinceMs = 0 } = question
  const { rare = { needed: 0, home: '?' } } = question
  const floor = score(question.floorMs ?? -Infinity)
  const spansFloor = score(question.spansFloorMs ?? -Infinity)
  // What a cut left may lie a millisecond behind it.
  const quiet = Math.max(1, quietMs)
  return `${shape} ${score(needed)} ${quiet} ${floor} ${spansFloor} ${membersMax} ${expirySeconds} ${unitMs} ${sinceMs} ${question.withdraws} ${rare.needed} ${rare.home}`
}

function score(time: number): number | string {
  if (time === -Infinity) return '-inf'
  return time === Infinity ? '+inf' : time
}

type RawAnswer = [
  version: number,
  cuts: string,
  first: string,
  isFull: number,
  alerts: string[],
  extents: string[],
  members: string[],
  bins: number[],
]

function readAnswer(answer: unknown, { shape }: WindowQuestion): WindowAnswer | undefined {
  if (answer === null) return undefined
  const [version, cuts, first, isFull, alerts, extents, flat, bins] = answer as RawAnswer
  return {
    version,
    cuts: JSON.parse(cuts) as number[],
    alerts: alerts.map((json) => JSON.parse(json) as Alert),
    extents,
    members: readMembers(flat, shape === 'sessions'),
    first: first === '' ? undefined : Number(first),
    ...(shape === 'spans' && { bins: readBins(bins) }),
    atLeast: isFull === 1,
  }
}

/** Triples of time, text and value; the text of a session is followed by its end, on a line. */
function readMembers(flat: readonly string[], areSessions: boolean): readonly WindowMember[] {
  const members: WindowMember[] = []
  for (let at = 0; at < flat.length; at += 3) {
    const [time = '', text = '', value = ''] = flat.slice(at, at + 3)
    if (!areSessions) members.push({ time: Number(time), text })
    else {
      const line = text.lastIndexOf('\n')
      const untilMs = Number(text.slice(line + 1))
      members.push({ time: Number(time), text: text.slice(0, line), value, untilMs })
    }
  }
  return members
}

function readBins(flat: readonly number[]): readonly { span: number; count: number }[] {
  const bins: { span: number; count: number }[] = []
  for (let at = 0; at < flat.length; at += 2) {
    bins.push({ span: Number(flat[at]), count: Number(flat[at + 1]) })
  }
  return bins
}
