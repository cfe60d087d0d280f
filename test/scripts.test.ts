// Owns the proofs about the scripts people and machines start: npm start, npm test, .ci/run.
import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createClone, createFolder, PROJECT, runProgram, writeFiles } from './clone.ts'

const says = (line: string, code = 0) => `echo "${line}"; exit ${code}`

describe('npm start', () => {
  const SOURCES = {
    'src/main.ts': `
      export async function run(argv: readonly string[]): Promise<number> {
        console.log(argv.join(' '))
        return 7
      }`,
    'src/config-file.ts': `
      type Options = { env: Record<string, string | undefined>; file: string | undefined }
      export async function loadConfig({ env, file }: Options): Promise<unknown> {
        if (file === 'broken.json') return { config: undefined }
        return { config: { ionos: { credentials: env['IONOS_TOKEN'] ?? file } } }
      }`,
  }

  test('runs the service with credentials, else the demo, else what was asked for', async () => {
    const root = createClone(SOURCES)
    const start = async (args: readonly string[], env: Record<string, string> = {}) => {
      const outcome = await runProgram([process.execPath, 'scripts/start.mjs', ...args], {
        cwd: root,
        env,
      })
      expect(outcome.code).toBe(7)
      return outcome
    }
    const demo = await start(['--speed', '5'])
    expect(demo.stdout).toBe('demo --speed 5\n')
    expect(demo.stderr).toMatch(/No credentials .* IONOS_TOKEN=… npm start\n$/)
    expect(await start([], { IONOS_TOKEN: 'x' })).toMatchObject({ stdout: 'serve\n', stderr: '' })
    expect((await start(['--config', 'c.json'])).stdout).toBe('serve --config c.json\n')
    expect((await start(['--config=broken.json'])).stdout).toBe('serve --config=broken.json\n')
    expect((await start(['doctor', '--json'])).stdout).toBe('doctor --json\n')
    expect((await start(['--help'])).stdout).toBe('--help\n')
  })
})

describe('npm test', () => {
  test('counts what passed and failed, files that do not load and stray errors too', async () => {
    const root = createFolder()
    const imports = "import { test, expect } from 'vitest'\n"
    writeFiles(root, {
      'a.test.ts': `${imports}test('1', () => {})\ntest.each([1, 2])('2', () => {})\ntest.skip('3')\n`,
      'b.test.ts': `${imports}test('1', () => { expect(1).toBe(2) })\ntest('2', () => {})\n`,
      'c.test.ts': "import './missing.ts'\n",
      'd.test.ts': `${imports}test('1', () => { void Promise.reject(new Error('stray')) })\n`,
      'vitest.config.mjs': 'export default {}\n',
    })
    symlinkSync(join(PROJECT, 'node_modules'), join(root, 'node_modules'))
    const vitest = join(PROJECT, 'node_modules/vitest/vitest.mjs')
    const reporter = join(PROJECT, 'scripts/count-reporter.mjs')
    const counts = join(root, 'counts.json')
    const outcome = await runProgram(
      [process.execPath, vitest, 'run', `--reporter=${reporter}`, '--root', root],
      { cwd: root, env: { TOCSIN_TEST_COUNTS: counts } },
    )
    expect(outcome.code).toBe(1)
    expect(JSON.parse(readFileSync(counts, 'utf8'))).toEqual({ passed: 5, failed: 3 })
  })
})

describe('.ci/run', () => {
  test.each([
    {
      name: 'all is well',
      tests: says('12 passed, 0 failed'),
      check: 'true',
      last: '12 passed, 0 failed',
    },
    {
      name: 'tests failed',
      tests: says('9 passed, 3 failed', 1),
      check: 'true',
      last: '9 passed, 3 failed',
    },
    {
      name: 'the check failed',
      tests: says('12 passed, 0 failed'),
      check: 'echo no >&2; exit 1',
      last: '12 passed, 1 failed',
    },
    {
      name: 'both failed',
      tests: says('9 passed, 3 failed', 1),
      check: 'exit 1',
      last: '9 passed, 4 failed',
    },
    {
      name: 'the tests could not be run',
      tests: says('no network', 3),
      check: 'true',
      last: '0 passed, 1 failed',
    },
    {
      name: 'npm failed after good tests',
      tests: says('12 passed, 0 failed', 1),
      check: 'true',
      last: '12 passed, 1 failed',
    },
  ])('$name: the last line has the counts', async ({ tests, check, last }) => {
    const root = createFolder()
    writeFiles(root, {
      '.ci/run': readFileSync(join(PROJECT, '.ci/run'), 'utf8'),
      'bin/npm': `#!/bin/sh\nif [ "$1" = test ]; then ${tests}; fi\n${check}\n`,
    })
    const PATH = `${join(root, 'bin')}:${process.env['PATH']}`
    const outcome = await runProgram([join(root, '.ci/run')], { cwd: '/', env: { PATH } })
    expect(outcome.stdout.trimEnd().split('\n').at(-1)).toBe(last)
    expect(outcome.code).toBe(last.endsWith(' 0 failed') ? 0 : 1)
    expect(outcome.stderr).toBe('')
  })
})
