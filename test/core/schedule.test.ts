import { describe, expect, it } from 'vitest'
import type { Problem } from '../../src/core/problem.ts'
import { parseSchedule, type Schedule } from '../../src/core/schedule.ts'

function parse(value: unknown): { schedule: Schedule | undefined; problems: readonly Problem[] } {
  const problems: Problem[] = []
  const report = (problem: Problem) => void problems.push(problem)
  return { schedule: parseSchedule('some', value, '/schedules/some', report), problems }
}

function inside(value: unknown, time: string): boolean | undefined {
  return parse(value).schedule?.includes(Date.parse(time))
}

const OFFICE = { timezone: 'Europe/Berlin', days: ['mon-fri'], hours: ['08:00-18:00'] }
const NIGHT = { days: ['fri'], hours: ['22:00-06:00'], holidays: ['2026-11-27'] }

describe('schedules', () => {
  it.each<[unknown, string, boolean, string]>([
    [OFFICE, '2026-11-20T07:00:00Z', true, 'Friday 08:00 in Berlin, the start'],
    [OFFICE, '2026-11-20T06:59:59Z', false, 'a second before'],
    [OFFICE, '2026-11-20T16:59:59Z', true, 'the last second'],
    [OFFICE, '2026-11-20T17:00:00Z', false, 'the end is outside'],
    [OFFICE, '2026-11-21T10:00:00Z', false, 'Saturday'],
    [OFFICE, '2026-07-17T06:00:00Z', true, 'summer time moves it'],
    [{ ...OFFICE, holidays: ['2026-11-20'] }, '2026-11-20T10:00:00Z', false, 'a holiday'],
    [NIGHT, '2026-11-20T23:00:00Z', true, 'Friday night'],
    [NIGHT, '2026-11-21T05:59:00Z', true, 'reaches into Saturday'],
    [NIGHT, '2026-11-21T06:00:00Z', false, 'Saturday morning'],
    [NIGHT, '2026-11-20T05:00:00Z', false, 'the morning before belongs to Thursday'],
    [NIGHT, '2026-11-27T23:00:00Z', false, 'the night of a holiday'],
    [NIGHT, '2026-11-28T03:00:00Z', false, 'the morning after a holiday night'],
    [{ days: ['sat-mon'] }, '2026-11-22T00:00:00Z', true, 'days over the end of the week'],
    [{ days: ['sat-mon'] }, '2026-11-24T00:00:00Z', false, 'Tuesday is not among them'],
    [{ hours: ['00:00-24:00'] }, '2026-11-24T23:59:59Z', true, 'a whole day'],
    [{ hours: ['08:00-10:00', '12:00-13:00'] }, '2026-11-24T11:00:00Z', false, 'between two spans'],
    [{}, '2026-11-24T11:00:00Z', true, 'nothing said: always'],
    [{ days: [] }, '2026-11-24T11:00:00Z', false, 'no days: never'],
  ])('%j at %s: %s (%s)', (value, time, expected) => {
    expect(inside(value, time)).toBe(expected)
  })

  it('have no times that no calendar has', () => {
    const { schedule } = parse({})
    const times = [Number.NaN, Number.POSITIVE_INFINITY, -1e300, 1e300]
    expect(times.filter((time) => schedule?.includes(time))).toEqual([])
  })

  it.each([
    ['mon-fri', '', 'expected an object'],
    [{ timezone: 'Berlin' }, '/timezone', 'expected the name of a time zone'],
    [{ day: ['mon'] }, '/day', 'did you mean "days"?'],
    [{ days: ['monday'] }, '/days/0', 'expected a day'],
    [{ days: ['mon-fri-sat'] }, '/days/0', 'expected a day'],
    [{ days: 'mon-fri' }, '/days', 'expected a list'],
    [{ hours: ['8-18'] }, '/hours/0', 'expected hours such as'],
    [{ hours: ['08:00-24:30'] }, '/hours/0', 'expected hours such as'],
    [{ hours: ['08:00-08:00'] }, '/hours/0', 'a whole day is'],
    [{ holidays: ['2026-02-30'] }, '/holidays/0', 'expected a date'],
    [{ holidays: [5] }, '/holidays/0', 'expected a text'],
  ])('%j is refused at %s', (value, pointer, message) => {
    const { schedule, problems } = parse(value)
    expect(schedule).toBeUndefined()
    expect(problems).toHaveLength(1)
    expect(problems[0]?.pointer).toBe(`/schedules/some${pointer}`)
    expect(problems[0]?.message).toContain(message)
  })
})
