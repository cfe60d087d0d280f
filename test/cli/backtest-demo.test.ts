// The demo's log, shuffled and given twice, makes the very same backtest: with the rules that come
// along and with rules of every kind.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createProgram } from '../../src/cli/program.ts'
import type { Cli } from '../../src/cli/context.ts'
import { silentLog } from '../../src/observe/log.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import { CONTRACT, handClock, readShipped, START_MS } from '../simulator/harness.ts'

const HOUR_MS = 3_600_000

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tocsin-test-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const RULES = [
  { id: 'many', detect: { kind: 'threshold', count: 5, within: '10m' } },
  {
    id: 'scattered',
    detect: { kind: 'threshold', count: 3, within: '1h', distinct: 'resourceId' },
    alert: { severity: [{ when: { count: 5 }, severity: 'critical' }] },
  },
  { id: 'new-address', detect: { kind: 'firstSeen', value: ['ip'], learn: '12h' } },
  { id: 'new-country', detect: { kind: 'firstSeen', value: ['country'], learn: '12h' } },
  {
    id: 'looked-then-deleted',
    detect: {
      kind: 'sequence',
      within: '1h',
      steps: [
        { name: 'look', conditions: { all: [equal('operation', 'read')] } },
        { name: 'create', conditions: { all: [equal('operation', 'create')] }, absent: true },
        { name: 'delete', conditions: { all: [equal('operation', 'delete')] } },
      ],
    },
  },
  { id: 'busy', detect: { kind: 'spike', within: '1h', baseline: '12h', factor: 2, min: 10 } },
  { id: 'silent', detect: { kind: 'absence', groupBy: ['user'], within: '8h' } },
  { id: 'fast', detect: { kind: 'travel' } },
]

function equal(fact: string, value: string) {
  return { fact, operator: 'equal', value }
}

async function backtest(lines: readonly string[]): Promise<string> {
  let out = ''
  const cli: Cli = {
    stdin: Readable.from([Buffer.from(lines.join('\n'))]),
    stdout: { write: (text) => (out += text) },
    stderr: { write: () => true },
    env: {},
    cwd: root,
    clock: { now: () => START_MS, sleep: async () => {} },
    signal: new AbortController().signal,
  }
  const rules = ['--rules', resolve(import.meta.dirname, '../../rules'), '--rules', root]
  const words = [...rules, '--json', 'backtest', '--input', '-']
  const program = await createProgram(cli, words)
  await program.parseAsync(words, { from: 'user' })
  return out
}

/** In an order that has nothing to do with time. */
function shuffled(lines: readonly string[]): readonly string[] {
  const places = lines.map((line, at) => ({ line, place: (at * 7_919) % 10_007 }))
  return places.sort((a, b) => a.place - b.place).map(({ line }) => line)
}

test("the demo's log, shuffled and twice, gives the same alerts and rules", async () => {
  for (const { id, ...rule } of RULES) {
    const conditions = { all: [{ fact: 'user', operator: 'exists', value: true }] }
    const text = JSON.stringify({ id, title: id, severity: 'low', conditions, ...rule })
    writeFileSync(join(root, `${id}.json`), text)
  }
  const scenario = readShipped('demo')
  const clock = handClock(START_MS)
  const simulator = await createSimulator({ scenario, seed: 'demo', clock, log: silentLog })
  const span = { from: START_MS - 36 * HOUR_MS, to: START_MS + HOUR_MS / 12 }
  const lines = simulator.entriesHeld(CONTRACT, span).map((entry) => JSON.stringify(entry))
  const plain = await backtest(lines)
  const mixed = await backtest(shuffled([...lines, ...lines]))
  const { alerts, rules } = JSON.parse(plain) as { alerts: unknown; rules: { id: string }[] }
  const part = (text: string) => text.slice(text.indexOf('"alerts"'), text.indexOf(',"seconds"'))
  expect(part(mixed)).toBe(part(plain))
  // So that it says something: rules of every kind found something.
  const found = (rules as { id: string; alerts: number }[]).filter((rule) => rule.alerts > 0)
  expect(found.map(({ id }) => id)).toEqual(expect.arrayContaining(RULES.map(({ id }) => id)))
  expect(alerts).not.toEqual([])
})
