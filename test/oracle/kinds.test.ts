// Owns what must be found for each kind but sequences, worked out by hand: sequence.test.ts has those,
// oracle.test.ts what becomes of it.
import type { OracleDetect } from './detections.ts'
import { ms, type Setup } from './notation.ts'
import { table } from './table.ts'

table('no detect: each match is one', undefined, [
  ['nothing gives nothing', '', ''],
  ['each is an alert', '0 10', '0–0 ×1, 10–10 ×1'],
  ['two at one time are two events', '0 0', '0–0 ×2'],
  ['no user counts as the user unknown', '0@- 1@unknown', '0–1 ×2'],
])

const threshold: OracleDetect = { kind: 'threshold', groupBy: ['user'], count: 3, withinMs: 10_000 }
const wide: Setup = { alert: { groupBy: [] } }

table('threshold of 3 within 10 s', threshold, [
  ['three in a span that is within exactly', '0 5 10', '0–10 ×3'],
  ['a millisecond longer is too long', '0 5 10.001', ''],
  ['two are not enough', '0 5', ''],
  ['three at one time', '7 7 7', '7–7 ×3'],
  ['spans that overlap unite', '0 5 10 15', '0–15 ×4'],
  ['a late one in the middle unites', '0 9 11 20 10', '0–20 ×5'],
  ['what is near but in no span is not counted', '0 1 2 12.5', '0–2 ×3'],
  ['what is in a span with two others is', '0 1 2 11', '0–11 ×4'],
  ['spans further apart than quiet', '0 1 2 20 21 22', '0–2 ×3, 20–22 ×3'],
  ['groups are counted apart', '0 1 2@bob', ''],
  ['contracts are counted apart', '0 1 2#2', ''],
  ['no user, no group', '0@- 1 2', ''],
  ['no user is not the user unknown either', '0@- 1@- 2@-', ''],
  ['a wider alert group counts evidence only', '0 1 2 1@bob', '0–2 ×3', wide],
  ['a wider alert group unites groups', '0 1 2 3@bob 4@bob 5@bob', '0–5 ×6', wide],
  ['a wider alert group is of one contract', '0 1 2 0#2 1#2 2#2', '0–2 ×3, 0–2 ×3', wide],
])

table('threshold of 1', { ...threshold, count: 1 }, [
  ['any two within the span are one extent', '0 10', '0–10 ×2'],
  ['others are not', '0 10.001', '0–0 ×1, 10.001–10.001 ×1'],
])

const countries: OracleDetect = { ...threshold, count: 2, distinct: 'country' }

table('threshold of 2 different countries within 10 s', countries, [
  ['one value again and again', '0:DE 1:DE', ''],
  ['two values', '0:DE 1:FR', '0–1 ×2'],
  ['two values too far apart', '0:DE 10.001:FR', ''],
  ['no value is no value', '0 1:DE', ''],
  ['one without a value is in E, also at the ends of a span', '0 1:DE 2:FR 9', '0–9 ×2'],
  ['repeats of a value widen a span too', '0:DE 3:DE 10:FR 13:FR', '0–13 ×2'],
  ['values are counted once in an alert', '0:DE 1:FR 11:DE 12:FR', '0–12 ×2'],
])

const firstSeen: OracleDetect = {
  kind: 'firstSeen',
  groupBy: ['user'],
  value: ['country'],
  historyMs: 10_000,
  learnMs: 20_000,
}

table('firstSeen with a history of 10 s and 20 s to learn', firstSeen, [
  ['new when the group is known for learn exactly', '0:DE 20:FR', '20–20 ×1'],
  ['not new a millisecond before', '0:DE 19.999:FR', ''],
  ['a first time that moves earlier makes a start new', '0:DE 15:FR -5:US', '15–15 ×1'],
  ['a first time of the same value does so too', '15:DE -5:DE', '15–15 ×1'],
  ['a first time that moves earlier renews a value itself', '0:DE 11:DE -9:DE', '11–11 ×1'],
  ['seen history ago exactly is seen', '0:DE 20:FR 30:FR', '20–20 ×1'],
  ['a millisecond longer is forgotten', '0:DE 20:FR 30.001:FR', '20–20 ×1, 30.001–30.001 ×1'],
  ['an earlier sighting takes the start', '0:DE 25:FR 21:FR', '21–21 ×1'],
  ['an earlier one while learning takes the detection', '0:DE 25:FR 19:FR', ''],
  ['one between two sessions makes them one', '0:DE 21:FR 39:FR 30:FR', '21–21 ×1'],
  ['a session goes on while its value is seen', '0:DE 9:DE 18:DE 27:DE', ''],
  ['two sightings at one time have one start', '0:DE 20:FR 20:FR', '20–20 ×1'],
  ['two new values at one time are two', '0:DE 20:FR 20:US', '20–20 ×2'],
  ['no value is not even a first time', '0 5:DE 20:FR', ''],
  ['groups are known apart', '0:DE@bob 20:FR', ''],
  ['contracts are known apart', '0:DE#2 20:FR', ''],
])

table('firstSeen with nothing to learn', { ...firstSeen, learnMs: 0 }, [
  ['the very first is new', '0:DE 5:DE 9:FR', '0–0 ×1, 9–9 ×1'],
])

const pair: OracleDetect = { ...firstSeen, learnMs: 0, value: ['country', 'service'] }

table('firstSeen of two facts', pair, [
  ['the pair is the value', '0:DE/DCD 5:DE/API 9:DE/DCD', '0–0 ×1, 5–5 ×1'],
  ['half a pair is none', '0:DE', ''],
])

const spike: OracleDetect = {
  kind: 'spike',
  groupBy: ['user'],
  withinMs: 10_000,
  baselineMs: 40_000,
  factor: 3,
  min: 3,
}
const at40 = '40–49.999 ×3'

table('spike of 3 × the mean of 40 s in spans of 10 s', spike, [
  ['one in each span, then three', '0 10 20 30 40 41 42', at40],
  ['a late one raises the mean and cancels it', '0 10 20 30 40 41 42 29', ''],
  ['what is older than the baseline is no part of it', '-1 -1 0 10 20 30 40 41 42', at40],
  ['empty spans are part of the mean', '0 40 41 42', at40],
  ['spans before the first of the group are not', '10 19 20 30 40 41 42', ''],
  ['three earlier spans are enough', '10 20 30 40 41 42', at40],
  ['two earlier spans are too few', '20 30 40 41 42', ''],
  ['a late first span makes three', '20 30 40 41 42 19.999', at40],
  ['fewer than min', '0 40 41', ''],
  ['the end of a span belongs to the next one', '0 40 41 50', ''],
  ['the last millisecond belongs to it', '0 40 41 49.999', at40],
  ['spikes in a row unite', '0 40 41 42 50 51 52 53', '40–59.999 ×7'],
  ['three in three groups are no spike', '0 40 41@bob 42#2', ''],
  ['before 1970 spans are counted down', '-30 -3 -2 -1', ''],
  ['before 1970 with three earlier spans', '-40 -3 -2 -1', '-10–-0.001 ×3'],
])

table('spike with a baseline that is no multiple', { ...spike, baselineMs: 39_999 }, [
  ['a span that begins before it is not in it', '0 0 0 10 20 30 40 41 42', at40],
])

table('spike of 1.1 × the mean', { ...spike, factor: 1.1, baselineMs: 50_000 }, [
  ['11 are 1.1 × 10 exactly', `${'0 '.repeat(50)}${'50 '.repeat(11)}`, '50–59.999 ×11'],
  ['10 are not', `${'0 '.repeat(50)}${'50 '.repeat(10)}`, ''],
])

const absence: OracleDetect = { kind: 'absence', groupBy: ['user'], withinMs: 10_000 }

function silent(mark: number, ...gap: [] | [contract: string, from: number, to: number]): Setup {
  const [contract = '1', from = 0, to = 0] = gap
  const gaps = gap.length === 0 ? [] : [{ contract, from: ms(from), to: ms(to) }]
  return { mark: ms(mark), settleMs: 5_000, gaps }
}

table('absence for 10 s', absence, [
  ['over and settled exactly', '0', '10–10 ×0', silent(15)],
  ['not settled yet', '0', '', silent(14.999)],
  ['heard as it ends', '0 10', '', silent(15)],
  ['heard after it', '0 10.001', '10–10 ×0', silent(15)],
  ['two at one time are silent once', '0 0', '10–10 ×0', silent(15)],
  ['a late one moves it', '0 20 7', '17–17 ×0, 30–30 ×0', silent(35)],
  ['a late one withdraws it', '0 20 10', '30–30 ×0', silent(35)],
  ['nobody was ever heard', '', '', silent(100)],
  ['another user is another group', '0 5@bob', '10–10 ×0', silent(19)],
  ['a gap as it ends', '0', '', silent(15, '1', 10, 20)],
  ['a gap after it', '0', '10–10 ×0', silent(15, '1', 10.001, 20)],
  ['a gap inside', '0', '', silent(15, '1', 3, 4)],
  ['a gap that ends as it begins', '0', '10–10 ×0', silent(15, '1', -5, 0)],
  ['a gap of another contract', '0', '10–10 ×0', silent(15, '2', 3, 4)],
])

const travel: OracleDetect = {
  kind: 'travel',
  groupBy: ['user'],
  maxSpeedKmh: 900,
  minDistanceKm: 450,
}
const slow: Setup = { detect: { ...travel, minDistanceKm: 480, maxSpeedKmh: 800 } }

// Berlin–New York 6,385 km, Berlin–Paris 878, Berlin–Frankfurt 424, Frankfurt–Paris 479, Fiji–Samoa 1,143.
table('travel faster than 900 km/h over more than 450 km', travel, [
  ['7 hours to New York', '0:berlin 7h:newYork', '0–25200 ×2'],
  ['7.2 hours to New York', '0:berlin 7.2h:newYork', ''],
  ['too near, however fast', '0:berlin 1:frankfurt', ''],
  ['in no time', '0:berlin 0:newYork', '0–0 ×2'],
  ['where nobody knows is no neighbour', '0:berlin 5 9:newYork', '0–9 ×2'],
  ['half a place is none', '0:berlin 5:halfAPlace 9:newYork', '0–9 ×2'],
  ['an hour to Paris', '0:berlin 1h:paris', '0–3600 ×2', slow],
  ['a new neighbour between cancels it', '0:berlin 1h:paris 0.5h:frankfurt', '', slow],
  ['there and back', '0:berlin 9:newYork 20:berlin', '0–20 ×3'],
  ['across the date line', '0:fiji 1.2h:samoa', '0–4320 ×2'],
  ['across the date line, slowly', '0:fiji 1.3h:samoa', ''],
  ['of one user', '0:berlin 9:newYork@bob', ''],
  // Further right is the lower id: Berlin before New York, then the other way round.
  ['at one time the lower id is first', '0:newYork 0:berlin 9h:newYork', '0–0 ×2'],
  ['at one time the higher id is last', '0:berlin 0:newYork 6h:newYork', '0–21600 ×3'],
])
