// Owns what must be found for sequences, worked out by hand. Other kinds: kinds.test.ts.
import type { OracleDetect } from './detections.ts'
import { ms, type Setup } from './notation.ts'
import { table } from './table.ts'

type Step = { readonly absent: boolean; readonly count: number }

const one: Step = { absent: false, count: 1 }
const two: Step = { absent: false, count: 2 }
const not: Step = { absent: true, count: 1 }

function sequence(...steps: Step[]): OracleDetect {
  return { kind: 'sequence', groupBy: ['user'], steps, withinMs: 10_000 }
}

/** Steps that ask for one of these letters. */
function letters(...steps: string[]): Setup {
  return {
    steps: steps.map(
      (wanted) =>
        ({ resource = '?' }) =>
          wanted.includes(resource),
    ),
  }
}

const ab = letters('a', 'b')
const aa = letters('a', 'a')

table('sequence of A, then B, within 10 s', sequence(one, one), [
  ['in order', '0:a 5:b', '0–5 ×2', ab],
  ['within exactly', '0:a 10:b', '0–10 ×2', ab],
  ['a millisecond too late', '0:a 10.001:b', '', ab],
  ['the wrong way round', '0:b 5:a', '', ab],
  ['at one time, whatever the ids', '5:b 5:a', '5–5 ×2', ab],
  ['at one time, ids the other way', '5:a 5:b', '5–5 ×2', ab],
  ['every A before B counts', '0:a 1:a 5:b', '0–5 ×3', ab],
  ['a B before the last is evidence too', '0:a 3:b 5:b', '0–5 ×3', ab],
  ['others between are no evidence', '0:a 3:c 5:b', '0–5 ×2', ab],
  ['of one group', '0:a 5:b@bob', '', ab],
  ['one event is one step only', '0:a', '', aa],
  ['two events for two equal steps', '0:a 3:a', '0–3 ×2', aa],
  ['an event fits either step', '0:b 3:a 20:b', '0–3 ×2', letters('ab', 'a')],
  ['chains that are near unite', '0:a 9:b 10:a 19:b', '0–19 ×4', ab],
])

const acb = letters('a', 'c', 'b')

table('sequence of A, no C, B, within 10 s', sequence(one, not, one), [
  ['without C', '0:a 5:b', '0–5 ×2', acb],
  ['with C between', '0:a 3:c 5:b', '', acb],
  ['C at the time of A is not between', '0:a 0:c 5:b', '0–5 ×2', acb],
  ['C at the time of B is not between', '0:a 5:c 5:b', '0–5 ×2', acb],
  ['C a millisecond after A is', '0:a 0.001:c 5:b', '', acb],
  ['two A before B', '0:a 4:a 5:b', '0–5 ×3', acb],
  ['a late C shrinks the chain', '0:a 4:a 5:b 2:c', '4–5 ×2', acb],
  ['a late C after every A withdraws it', '0:a 4:a 5:b 4.5:c', '', acb],
  ['a C shrinks it from the other end', '0:a 3:b 5:c 6:b', '0–3 ×2', acb],
  ['A and B at one time have nothing between', '0:a 0:b 4:c 5:b', '0–0 ×2', acb],
  ["another group's C", '0:a 3:c@bob 5:b', '0–5 ×2', acb],
  [
    'what is wanted and unwanted is not between itself',
    '0:a 5:b',
    '0–5 ×2',
    letters('a', 'ab', 'b'),
  ],
])

const settled = (mark: number): Setup => {
  return { ...letters('a', 'b', 'c'), mark: ms(mark), settleMs: 5_000 }
}
const late = settled(100)

table('sequence of A, B, then no C within 10 s of A', sequence(one, one, not), [
  ['without C', '0:a 5:b', '0–5 ×2', late],
  ['with C', '0:a 5:b 7:c', '', late],
  ['with C as the span ends', '0:a 5:b 10:c', '', late],
  ['with C after it', '0:a 5:b 10.001:c', '0–5 ×2', late],
  ['with C before B', '0:a 3:c 5:b', '0–5 ×2', late],
  ['with C at the time of B', '0:a 5:c 5:b', '0–5 ×2', late],
  ['with C before a later B in the span', '0:a 5:b 6:c 8:b', '0–8 ×3', late],
  ['the span is over and settled exactly', '0:a 5:b', '0–5 ×2', settled(15)],
  ['it is not settled yet', '0:a 5:b', '', settled(14.999)],
  ['an earlier A is over while a later one is not', '0:a 4:a 5:b', '0–5 ×3', settled(15)],
  ['C after the span of the earlier A only', '0:a 4:a 5:b 12:c', '0–5 ×3', late],
  ['C in the span of the first A only', '0:a 5:b 10:c 11:a 12:b', '11–12 ×2', late],
])

const ac = letters('a', 'c')

table('sequence of A, then no C, within 10 s', sequence(one, not), [
  ['without C', '0:a', '0–0 ×1', ac],
  ['with C', '0:a 10:c', '', ac],
  ['with C at the same time', '0:a 0:c', '0–0 ×1', ac],
  ['what fulfils both is not after itself', '0:a 3:a', '3–3 ×1', aa],
])

table('sequence of two A, then B, within 10 s', sequence(two, one), [
  ['two and one', '0:a 1:a 5:b', '0–5 ×3', ab],
  ['one and one', '0:a 5:b', '', ab],
  ['a B between the two', '0:a 1:b 2:a', '', ab],
  ['a B between and one after', '0:a 1:b 2:a 3:b', '0–3 ×4', ab],
  ['all at one time', '0:b 0:a 0:a', '0–0 ×3', ab],
  ['the first A is too early for the second', '0:a 1:a 11:b', '', ab],
])

table('sequence of two A, no C, B, within 10 s', sequence(two, not, one), [
  ['C between the two A is not between the steps', '0:a 1:c 2:a 5:b', '0–5 ×3', acb],
  ['C after both is', '0:a 1:a 2:c 5:b', '', acb],
  ['a B behind C ends no chain', '0:a 1:a 2:b 3:c 5:b 6:a 11.5:b', '0–2 ×3', acb],
  ['any two A with the later one after C', '0:a 1:a 2:c 3:a 5:b', '0–5 ×4', acb],
])
