// Owns what a reload says of windows: which start anew under a changed rule, and why; that is in the log.
// What counts as a change: core/detection/anew.test.ts.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { systemClock } from '../src/clock.ts'
import { createLog } from '../src/observe/log.ts'
import { createMetrics } from '../src/observe/metrics.ts'
import { openRunningRules } from '../src/running-rules.ts'

const folder = mkdtempSync(join(tmpdir(), 'tocsin-reload-'))
afterAll(() => rmSync(folder, { recursive: true }))

const RULE = {
  id: 'many',
  title: 'Many things',
  severity: 'low',
  conditions: { all: [{ fact: 'operation', operator: 'equal', value: 'delete' }] },
  detect: { kind: 'threshold', count: 3, within: '10m', groupBy: ['user'] },
}

const NOWHERE = {
  ...{ country: undefined, asn: undefined, asOrg: undefined, city: undefined },
  ...{ latitude: undefined, longitude: undefined, coarse: false },
}

function write(changes: object, detect: object = {}): void {
  const rule = { ...RULE, ...changes, detect: { ...RULE.detect, ...detect } }
  writeFileSync(join(folder, 'many.json'), JSON.stringify(rule))
}

type Line = { readonly msg: string; readonly rules?: unknown }

test('a reload says which windows start anew and why, and nothing where they are kept', async () => {
  const lines: Line[] = []
  write({})
  const running = await openRunningRules({
    config: { rules: [folder], schedules: new Map(), timezone: 'UTC' },
    clock: systemClock,
    log: createLog({
      level: 'info',
      output: { write: (text: string) => lines.push(JSON.parse(text) as Line) },
    }),
    metrics: createMetrics(),
    lookUp: () => NOWHERE,
    stopwatch: () => 0,
  })
  const anew = () => lines.filter(({ msg }) => msg === 'windows of changed rules start anew')

  write({ title: 'Many other things' }, { count: 5 })
  expect(await running.reload()).toMatchObject({ kind: 'changed' })
  expect(anew()).toEqual([])

  write({}, { within: '20m', groupBy: ['ip'] })
  expect(await running.reload()).toMatchObject({ kind: 'changed' })
  expect(anew().map(({ rules }) => rules)).toEqual([
    [{ rule: 'many', changed: ['groupBy', 'within'] }],
  ])
})
