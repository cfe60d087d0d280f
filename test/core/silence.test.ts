// Owns which alerts silences and maintenance windows are over, and when, also as clocks change.
import { describe, expect, it } from 'vitest'
import type { Alert } from '../../src/core/alert.ts'
import { formatMatcher, matchesAlert, parseMatchers } from '../../src/core/alert-matcher.ts'
import {
  isInMaintenance,
  type MaintenanceWindow,
  parseMaintenance,
  resolveMaintenance,
} from '../../src/core/maintenance.ts'
import { parseTime } from '../../src/core/entry-time.ts'
import type { Problem } from '../../src/core/problem.ts'
import { isSilenced, parseSilence, type Silence, silenceEndedAt } from '../../src/core/silence.ts'
import { sampleAlert } from '../state/sample.ts'

const ALERT = sampleAlert({
  contract: '31720001',
  severity: 'high',
  rule: {
    ...sampleAlert().rule,
    id: 'ionos-bulk-delete',
    tags: ['attack.impact', 'attack.t1485'],
  },
  group: [{ name: 'user', value: 'svc-backup@example.com' }],
})

const MATCHERS: [matchers: string[], matches: boolean][] = [
  [['rule = ionos-bulk-delete'], true],
  [['rule=ionos-bulk-delete'], true],
  [['rule = "ionos-bulk-delete"'], true],
  [['rule = ionos-bulk'], false],
  [['rule != ionos-bulk-delete'], false],
  [['rule != other'], true],
  [['rule =~ ^ionos-'], true],
  [['rule =~ bulk'], true],
  [['rule =~ ^bulk'], false],
  [['severity = high'], true],
  [['severity != high'], false],
  [['severity =~ ^(high|critical)$'], true],
  [['contract = 31720001'], true],
  [['tags = attack.impact'], true],
  [['tag = attack.t1485'], true],
  [['tags = attack'], false],
  [['tags != attack.impact'], false],
  [['tags != attack.persistence'], true],
  [['tags =~ ^attack[.]t'], true],
  [['user = svc-backup@example.com'], true],
  [['user =~ ^svc-'], true],
  [['user != anna@example.com'], true],
  [['ip = 203.0.113.1'], false],
  [['ip != 203.0.113.1'], false],
  [['rule =~ ^ionos-', 'user =~ ^svc-'], true],
  [['rule =~ ^ionos-', 'user =~ ^anna'], false],
]

function read(matchers: unknown) {
  const problems: Problem[] = []
  const parsed = parseMatchers(matchers, '/matchers', (problem) => problems.push(problem))
  return { parsed, messages: problems.map(({ pointer, message }) => `${pointer}: ${message}`) }
}

describe('matchers', () => {
  it.each(MATCHERS)('%j: %s', (texts, matches) => {
    const { parsed, messages } = read(texts)
    expect(messages).toEqual([])
    expect(matchesAlert(parsed ?? [], ALERT)).toBe(matches)
  })

  it('are written as they are read', () => {
    const { parsed } = read(['user=~"^svc- x"'])
    expect(parsed?.map(formatMatcher)).toEqual(['user =~ ^svc- x'])
    expect(read(parsed?.map(formatMatcher)).parsed).toEqual(parsed)
    expect(read([{ fact: 'user', op: '=', value: 'a = b' }]).parsed).toEqual([
      { fact: 'user', op: '=', value: 'a = b' },
    ])
  })

  const FAULTS: [found: unknown, message: RegExp][] = [
    [[], /^\/matchers: found an empty list, expected a list of 1 to 20 matchers, such as/],
    ['user = x', /expected a list/],
    [['user'], /^\/matchers\/0: found "user", expected a matcher such as "user = mallory"/],
    [['user > 3'], /expected a matcher/],
    [['user = '], /expected a value of 1 to 1000 characters/],
    [['usr = x'], /unknown name "usr"/],
    [['rul = x'], /did you mean "rule"\?/],
    [['severity = hihg'], /unknown severity "hihg", did you mean "high"\?/],
    [['user =~ ('], /RE2 can't read/],
    [['user =~ (?=x)'], /looks ahead or behind/],
    [[{ fact: 'user', op: '>', value: 'x' }], /expected a matcher/],
  ]
  it.each(FAULTS)('that are wrong: %j', (found, message) => {
    const { parsed, messages } = read(found)
    expect(parsed).toBeUndefined()
    expect(messages.join('\n')).toMatch(message)
  })
})

describe('a silence', () => {
  const silence: Silence = {
    id: 's1',
    matchers: [{ fact: 'user', op: '=~', value: '^svc-' }],
    startsAt: 1_000,
    endsAt: 2_000,
    author: 'anna',
    comment: '',
    createdAt: 500,
    from: 'cli',
  }

  it.each([
    [999, false, undefined],
    [1_000, true, undefined],
    [1_999, true, undefined],
    [2_000, false, 2_000],
  ])('at %d: silenced %s, ended %s', (now, silenced, endedAt) => {
    expect(isSilenced([silence], ALERT, now)).toBe(silenced)
    expect(silenceEndedAt([silence], ALERT, now)).toBe(endedAt)
  })

  it('that was taken back before it began has no end', () => {
    const never = { ...silence, startsAt: 700, endsAt: 700, expiredBy: 'anna' }
    expect(silenceEndedAt([never], ALERT, 5_000)).toBeUndefined()
  })

  it('over other alerts changes nothing', () => {
    const other: Alert = { ...ALERT, group: [{ name: 'user', value: 'anna' }] }
    expect(isSilenced([silence], other, 1_500)).toBe(false)
    expect(silenceEndedAt([silence], other, 2_500)).toBeUndefined()
  })
})

describe('a silence that somebody asks for', () => {
  const now = Date.parse('2026-11-20T09:00:00Z')
  const ask = (value: unknown) => {
    const problems: Problem[] = []
    const report = (problem: Problem) => problems.push(problem)
    const draft = parseSilence(value, { now, readTime: parseTime, report })
    return { draft, messages: problems.map(({ pointer, message }) => `${pointer}: ${message}`) }
  }
  const good = { matchers: ['rule = a-rule'], endsAt: '2026-11-20T10:00:00Z', author: 'anna' }

  it('begins now, unless it says when', () => {
    expect(ask(good)).toEqual({
      draft: {
        matchers: [{ fact: 'rule', op: '=', value: 'a-rule' }],
        startsAt: now,
        endsAt: now + 3_600_000,
        author: 'anna',
        comment: '',
      },
      messages: [],
    })
    expect(ask({ ...good, startsAt: '2026-11-20T09:30:00Z' }).draft?.startsAt).toBe(now + 1_800_000)
    expect(ask({ ...good, startsAt: '2026-11-19T09:30:00Z' }).draft?.startsAt).toBe(now)
  })

  it.each([
    ['without an end', { endsAt: undefined }, /^\/endsAt: found nothing, expected a time/],
    ['with an end that is over', { endsAt: '2026-11-20T08:00:00Z' }, /it is over already/],
    ['that ends before it starts', { startsAt: '2026-11-21T00:00:00Z' }, /ends before it starts/],
    ['for years', { endsAt: '2028-11-20T08:00:00Z' }, /longer than a year/],
    ['without matchers', { matchers: [] }, /^\/matchers: found an empty list/],
    ['with another key', { until: 'x' }, /unknown key "until"/],
    ['with a comment that is none', { comment: 7 }, /^\/comment: found 7/],
  ])('%s is refused', (_name, changes, message) => {
    const { draft, messages } = ask({ ...good, ...changes })
    expect(draft).toBeUndefined()
    expect(messages.join('\n')).toMatch(message)
  })
})

describe('maintenance', () => {
  const windowsOf = (value: unknown) => {
    const problems: Problem[] = []
    const report = (problem: Problem) => problems.push(problem)
    const drafts = parseMaintenance(value, '/maintenance', report) ?? []
    const windows = resolveMaintenance(drafts, new Map(), report)
    return { windows, messages: problems.map(({ pointer, message }) => `${pointer}: ${message}`) }
  }
  const night = (changes: object = {}) => ({
    name: 'patching',
    matchers: ['user =~ ^svc-'],
    schedule: { timezone: 'Europe/Berlin', days: ['sun'], hours: ['02:00-04:00'] },
    ...changes,
  })
  const isOver = (windows: readonly MaintenanceWindow[], time: string) =>
    isInMaintenance(windows, ALERT, Date.parse(time))

  const TIMES: [when: string, time: string, isOver: boolean][] = [
    ['in winter, before', '2026-11-22T00:59:59Z', false],
    ['in winter, at its start', '2026-11-22T01:00:00Z', true],
    ['in winter, at its end', '2026-11-22T03:00:00Z', false],
    ['in summer, at its start', '2026-07-19T00:00:00Z', true],
    ['in summer, at its end', '2026-07-19T02:00:00Z', false],
    ['on a Monday', '2026-07-20T00:30:00Z', false],
    ['the day clocks go forward, before the gap', '2026-03-29T00:59:59Z', false],
    ['the day clocks go forward, after the gap: 03:00', '2026-03-29T01:00:00Z', true],
    ['the day clocks go forward, at 04:00', '2026-03-29T02:00:00Z', false],
    ['the day clocks go back, 02:30 the first time', '2026-10-25T00:30:00Z', true],
    ['the day clocks go back, 02:30 the second time', '2026-10-25T01:30:00Z', true],
    ['the day clocks go back, 03:59', '2026-10-25T02:59:00Z', true],
    ['the day clocks go back, 04:00', '2026-10-25T03:00:00Z', false],
  ]
  it.each(TIMES)('%s (%s): %s', (_when, time, wanted) => {
    const { windows, messages } = windowsOf([night()])
    expect(messages).toEqual([])
    expect(isOver(windows, time)).toBe(wanted)
  })

  it('without matchers mutes nothing by itself', () => {
    const { windows } = windowsOf([night({ matchers: undefined })])
    expect(isOver(windows, '2026-11-22T01:30:00Z')).toBe(false)
  })

  it.each([
    ['no list', {}, /expected a list of at most 100 windows/],
    ['a name with a space', [night({ name: 'a b' })], /\/0\/name: found "a b"/],
    ['a name twice', [night(), night()], /\/1\/name: "patching" is there twice/],
    [
      'a schedule nobody has',
      [night({ schedule: 'nights' })],
      /\/0\/schedule: unknown schedule "nights"/,
    ],
    ['no schedule', [night({ schedule: undefined })], /\/0\/schedule: found nothing/],
    ['a matcher that is none', [night({ matchers: ['x'] })], /\/0\/matchers\/0: found "x"/],
    ['an unknown key', [night({ shedule: 'x' })], /unknown key "shedule", did you mean "schedule"/],
    ['hours that are none', [night({ schedule: { hours: ['2-4'] } })], /\/0\/schedule\/hours\/0/],
  ])('with %s is refused', (_name, value, message) => {
    expect(windowsOf(value).messages.join('\n')).toMatch(message)
  })
})
