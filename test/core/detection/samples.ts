// Owns short ways to say members, rules and results in the tests of detections. Asserts nothing.
import type { DeriveContext, Extent } from '../../../src/core/detection/extent.ts'
import type { Member } from '../../../src/core/detection/member.ts'
import type { Detect } from '../../../src/core/rule-detect.ts'

export type DetectOf<K extends Detect['kind']> = Extract<Detect, { kind: K }>

/** Everything was evaluated, nothing is missing. */
export const settled: DeriveContext = { markMs: 1e15, settleMs: 0, gaps: [] }

export function threshold(count: number, withinMs: number, distinct?: string) {
  const detect: DetectOf<'threshold'> = {
    kind: 'threshold',
    groupBy: ['user'],
    count,
    withinMs,
    ...(distinct !== undefined && { distinct }),
  }
  return detect
}

/** `A` one event; `A3` three of them; `!X` none. The bits of members follow the order of steps. */
export function sequence(withinMs: number, steps: readonly string[]): DetectOf<'sequence'> {
  const conditions = { kind: 'all', children: [], pointer: '', raw: {} } as const
  return {
    kind: 'sequence',
    groupBy: ['user'],
    withinMs,
    steps: steps.map((step) => ({
      name: step.replace(/^!|\d+$/g, ''),
      absent: step.startsWith('!'),
      count: Number(/\d+$/.exec(step)?.[0] ?? 1),
      conditions: { ...conditions, name: undefined, priority: undefined },
    })),
  }
}

/** `10` or `10a`: an event at 10; with the same time, letters tell events apart. */
export function at(text: string): Member {
  return { id: `e${text}`, time: Number.parseInt(text, 10) }
}

/** `10=x`: an event at 10 with the value x; `10b=x`: another one. */
export function valued(text: string): Member {
  const [when = '', value] = text.split('=')
  const id = `e${text}`
  return value === undefined ? { ...at(when), id } : { ...at(when), id, value }
}

/** `10AX`: an event at 10 that fulfils the steps A and X of the sequence; `10A2`: another one. */
export function fulfilling(detect: DetectOf<'sequence'>, text: string): Member {
  const letters = text.replace(/^\d+/, '').replace(/\d+$/, '')
  const steps = detect.steps.reduce(
    (bits, step, index) => (letters.includes(step.name) ? bits | (1 << index) : bits),
    0,
  )
  return { id: `e${text}`, time: Number.parseInt(text, 10), steps }
}

/** `[first, last, …ids of the evidence]`, without the `e`. */
export function shown(extents: readonly Extent[]): readonly (readonly [number, number, string])[] {
  return extents.map(({ first, last, evidence }) => [
    first,
    last,
    evidence.map(({ id }) => id.slice(1)).join(' '),
  ])
}

/** `[first, last]` only. */
export function spans(extents: readonly Extent[]): readonly (readonly [number, number])[] {
  return extents.map(({ first, last }) => [first, last])
}

/** Every subset of a short list, the empty one included. */
export function subsetsOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  return items.reduce<readonly (readonly T[])[]>(
    (subsets, item) => [...subsets, ...subsets.map((subset) => [...subset, item])],
    [[]],
  )
}

/** The union of spans, by the plainest means: those that share a point are joined until none do. */
export function unionOf(all: readonly (readonly [number, number])[]): readonly [number, number][] {
  const union: [number, number][] = []
  for (const [first, last] of all) {
    let joined: [number, number] = [first, last]
    for (let index = union.length - 1; index >= 0; index -= 1) {
      const [from, to] = union[index] as [number, number]
      if (from > joined[1] || to < joined[0]) continue
      joined = [Math.min(from, joined[0]), Math.max(to, joined[1])]
      union.splice(index, 1)
      index = union.length
    }
    union.push(joined)
  }
  return union.sort((a, b) => a[0] - b[0])
}
