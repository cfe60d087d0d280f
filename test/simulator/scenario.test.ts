// Owns how a scenario file is read: what may be left out, and what is said about mistakes.
import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { SCENARIO_NAMES } from '../../src/cli/simulate.ts'
import { formatProblem } from '../../src/core/problem.ts'
import { MESS } from '../../src/simulator/scenario.ts'
import { parseScenario } from '../../src/simulator/scenario-file.ts'
import { readShipped } from './harness.ts'

const USER = { name: 'ann', addresses: ['192.0.2.1'], operationsPerHour: 1, does: { read: 1 } }
const ATTACK = { name: 'a', by: ['eve'], from: ['192.0.2.9'], every: '1h', steps: [{ do: 'read' }] }

function written({
  user = {},
  attack = {},
  contract = {},
  top = {},
}: Record<string, object>): string {
  const contracts = [
    {
      number: '1',
      users: [{ ...USER, ...user }],
      attacks: [{ ...ATTACK, ...attack }],
      ...contract,
    },
  ]
  return JSON.stringify({ name: 'test', contracts, ...top })
}

function problemsOf(text: string): readonly string[] {
  return parseScenario(text).problems.map(({ pointer, message }) => `${pointer}: ${message}`)
}

describe('a scenario', () => {
  test('takes its defaults', () => {
    const { scenario } = parseScenario(written({}))
    expect(scenario).toMatchObject({
      name: 'test',
      speed: 1,
      historyMs: 14 * 86_400_000,
      mess: MESS,
      contracts: [
        {
          number: '1',
          headerNeeded: false,
          dataCenters: 3,
          users: [
            {
              name: 'ann',
              kind: 'human',
              service: 'DCD',
              hours: { days: ['mon', 'tue', 'wed', 'thu', 'fri'], fromMinute: 480, toMinute: 1080 },
              outside: 0.02,
              does: [{ activity: 'read', weight: 1 }],
            },
          ],
          attacks: [
            {
              service: 'PUBLIC_REST_V6',
              when: { atMs: undefined, afterMs: undefined, everyMs: 3_600_000 },
              steps: [{ activity: 'read', afterMs: 0, times: 1, gapMs: 5000, refused: undefined }],
            },
          ],
        },
      ],
    })
  })

  test('lets programs work round the clock', () => {
    const { scenario } = parseScenario(written({ user: { kind: 'automation' } }))
    expect(scenario?.contracts[0]?.users[0]).toMatchObject({
      service: 'PUBLIC_REST_V6',
      hours: { days: { length: 7 }, fromMinute: 0, toMinute: 1440 },
      outside: 1,
    })
  })

  test('may have comments and trailing commas', () => {
    const text = written({}).replace('{', '{ // a company\n').replace(/}$/, ',}')
    expect(parseScenario(text).problems).toEqual([])
  })

  const mistakes: readonly [string, Record<string, object>, string][] = [
    [
      'an unknown key',
      { top: { contrcts: 1 } },
      '/contrcts: unknown key "contrcts", did you mean "contracts"?',
    ],
    [
      'an unknown time zone',
      { top: { timezone: 'Mars/Olympus' } },
      '/timezone: found "Mars/Olympus", expected a time zone',
    ],
    [
      'a speed beyond reason',
      { top: { speed: 5000 } },
      '/speed: found 5000, expected at most 1000',
    ],
    ['no contract', { top: { contracts: [] } }, '/contracts: 0 in the list'],
    [
      'a share above one',
      { top: { mess: { errors: 3 } } },
      '/mess/errors: found 3, expected a share from 0 to 1',
    ],
    [
      'a contract number as number',
      { contract: { number: 5 } },
      '/contracts/0/number: found 5, expected a contract number: digits in quotes',
    ],
    [
      'an activity nobody knows',
      { user: { does: { 'server.destroy': 1 } } },
      '/contracts/0/users/0/does/server.destroy: unknown activity "server.destroy"',
    ],
    ['nothing to do', { user: { does: {} } }, '/contracts/0/users/0/does: it is empty'],
    [
      'a weight of zero',
      { user: { does: { read: 0 } } },
      '/contracts/0/users/0/does/read: found 0',
    ],
    [
      'hours that end when they begin',
      { user: { hours: '08:00-08:00' } },
      '/contracts/0/users/0/hours: found "08:00-08:00"',
    ],
    [
      'a day that is none',
      { user: { days: ['noday'] } },
      '/contracts/0/users/0/days/0: found "noday"',
    ],
    [
      'a name twice',
      { contract: { users: [USER, USER] } },
      '/contracts/0/users/1/name: "ann" is there twice',
    ],
    [
      'a story without time',
      { attack: { every: undefined } },
      '/contracts/0/attacks/0: "every" is missing, expected one of "at", "after" and "every"',
    ],
    [
      'a story with two times',
      { attack: { at: '2026-11-20T00:00:00Z' } },
      '/contracts/0/attacks/0: "at" is one time',
    ],
    [
      'a story without steps',
      { attack: { steps: [] } },
      '/contracts/0/attacks/0/steps: 0 in the list',
    ],
    [
      'a step nobody knows',
      { attack: { steps: [{ do: 'user.creat' }] } },
      '/contracts/0/attacks/0/steps/0/do: unknown value "user.creat", did you mean "user.create"?',
    ],
    [
      'a refusal that is none',
      { attack: { steps: [{ do: 'read', refused: 200 }] } },
      '/contracts/0/attacks/0/steps/0/refused: found 200',
    ],
    [
      'a span without unit',
      { attack: { every: '90' } },
      '/contracts/0/attacks/0/every: found "90", expected a span',
    ],
  ]
  test.each(mistakes)('%s is told', (_, change, problem) => {
    expect(problemsOf(written(change))).toEqual([expect.stringContaining(problem)])
  })

  test.each([
    ['an empty file', '', '1:1'],
    ['no JSON', '{ "name": oops }', '1:11'],
    ['a list', '[]', '1:1'],
  ])('%s is told', (_, text, place) => {
    const { scenario, problems } = parseScenario(text, 'x.json')
    expect(scenario).toBeUndefined()
    expect(problems.map(formatProblem)).toEqual(
      [expect.stringContaining(`x.json:${place}`)].concat(
        problems.slice(1).map(() => expect.anything()),
      ),
    )
  })

  test('all mistakes are told at once, each with its line', () => {
    const text =
      '{\n  "name": "x",\n  "speed": 0,\n  "contracts": [\n    { "number": "1", "users": 3 }\n  ]\n}'
    const { problems } = parseScenario(text, 'x.json')
    expect(problems.map(formatProblem)).toEqual([
      'x.json:3:3: /speed: found 0, expected a number above zero',
      expect.stringMatching(/^x\.json:5:22: \/contracts\/0\/users: found 3, expected a list/),
    ])
  })
})

describe('the shipped scenarios', () => {
  test('are those the command names', () => {
    const files = readdirSync(new URL('../../scenarios/', import.meta.url))
    expect(files.sort()).toEqual(SCENARIO_NAMES.map((name) => `${name}.json`))
  })

  test.each(SCENARIO_NAMES)('%s has no problem', (name) => {
    expect(readShipped(name).contracts.length).toBeGreaterThan(0)
  })
})
