// Owns the proofs about set-up: what it does once, what it does not do twice, how it fails.
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { build, isBuilt } from '../scripts/build.mjs'
import { parseDependencies } from '../scripts/fetch-redis.mjs'
import { findRedisServer } from '../scripts/find-redis.mjs'
import { installPackages, staleReason } from '../scripts/packages.mjs'
import { withSetupLock } from '../scripts/setup-lock.mjs'
import { checkNode } from '../scripts/setup.mjs'
import { createClone, createFolder, runProgram, writeFiles } from './clone.ts'

const SOURCES = { 'src/main.ts': 'export const answer: number = 42\n' }

const entry = (version: string, more: object = {}) => ({
  version,
  integrity: 'sha512-x',
  ...more,
})

describe('Node', () => {
  test.each(['20.19.0', '20.20.2', '22.0.0', '24.1.0'])('%s is new enough', (version) => {
    expect(() => checkNode(version)).not.toThrow()
  })

  test.each(['18.20.0', '20.18.3', '16.0.0'])('%s is too old, and is told so', (version) => {
    expect(() => checkNode(version)).toThrow(`needs Node 20.19 or later; this is ${version}`)
  })
})

describe('packages', () => {
  const other = process.platform === 'linux' ? 'darwin' : 'linux'
  const locked = {
    'node_modules/a': entry('1.0.0'),
    'node_modules/here': entry('1.0.0', { optional: true, os: [process.platform] }),
    'node_modules/elsewhere': entry('1.0.0', { optional: true, os: [other] }),
  }
  const fresh = { 'node_modules/a': entry('1.0.0'), 'node_modules/here': entry('1.0.0') }
  const { 'node_modules/here': _here, ...withoutNative } = fresh

  test.each([
    { name: 'what the lock file says', found: fresh, dependencies: { a: '1.0.0' }, why: undefined },
    { name: 'nothing', found: undefined, dependencies: { a: '1.0.0' }, why: /not installed/ },
    { name: 'a missing one', found: {}, dependencies: { a: '1.0.0' }, why: /^a is not/ },
    {
      name: 'another version',
      found: { ...fresh, 'node_modules/a': entry('0.9.0') },
      dependencies: { a: '1.0.0' },
      why: /^a is not/,
    },
    {
      name: 'packages of another platform',
      found: withoutNative,
      dependencies: { a: '1.0.0' },
      why: /^here is not/,
    },
    { name: 'a changed package.json', found: fresh, dependencies: { b: '2' }, why: /has changed/ },
  ])('installed is $name', ({ found, dependencies, why }) => {
    const root = createFolder()
    const packages = { '': { dependencies: { a: '1.0.0' } }, ...locked }
    writeFiles(root, {
      'package.json': JSON.stringify({ dependencies }),
      'package-lock.json': JSON.stringify({ packages }),
    })
    if (found !== undefined) {
      writeFiles(root, { 'node_modules/.package-lock.json': JSON.stringify({ packages: found }) })
    }
    const reason = staleReason(root)
    if (why === undefined) expect(reason).toBeUndefined()
    else expect(reason).toMatch(why)
  })

  test.each([
    { says: 'npm error code EAI_AGAIN', remedy: /network/ },
    { says: 'npm error code EUSAGE', remedy: /npm install/ },
    { says: 'npm error code EACCES', remedy: /writable/ },
    { says: 'npm error odd', remedy: /by hand/ },
  ])('a failed install ($says) says what to do', async ({ says, remedy }) => {
    const root = createFolder()
    writeFiles(root, { 'bin/npm': `#!/bin/sh\necho "${says}" >&2\nexit 1\n` })
    await expect(installPackages(root, { PATH: join(root, 'bin') })).rejects.toMatchObject({
      message: expect.stringContaining(says),
      remedy: expect.stringMatching(remedy),
    })
  })

  test('a machine without npm is told so', async () => {
    const root = createFolder()
    await expect(installPackages(root, { PATH: root })).rejects.toThrow('npm was not found')
  })
})

describe('build', () => {
  test('builds once, and again when a source has changed, was added or removed', async () => {
    const root = createClone(SOURCES)
    expect(isBuilt(root)).toBe(false)
    await build(root)
    expect(isBuilt(root)).toBe(true)
    writeFiles(root, { 'src/more.ts': 'export const more = 1\n' })
    expect(isBuilt(root)).toBe(false)
    await build(root)
    expect(existsSync(join(root, 'dist/more.js'))).toBe(true)
    rmSync(join(root, 'src/more.ts'))
    expect(isBuilt(root)).toBe(false)
    await build(root)
    expect(readdirSync(join(root, 'dist')).sort()).toEqual(['.stamp', 'main.js', 'main.js.map'])
    writeFiles(root, { 'src/main.ts': 'export const answer: number = 43\n' })
    expect(isBuilt(root)).toBe(false)
  })

  test('what a crash left of a build counts as none', async () => {
    const root = createClone(SOURCES)
    await build(root)
    rmSync(join(root, 'dist/.stamp'))
    const leftover = join(root, '.dist-crash')
    mkdirSync(leftover)
    utimesSync(leftover, 0, 0)
    expect(isBuilt(root)).toBe(false)
    await build(root)
    expect(isBuilt(root)).toBe(true)
    expect(existsSync(leftover)).toBe(false)
  })

  test('a source that does not compile is told, and the last build stays', async () => {
    const root = createClone(SOURCES)
    await build(root)
    writeFiles(root, { 'src/main.ts': 'export const answer: number = "42"\n' })
    await expect(build(root)).rejects.toThrow(/src\/main\.ts\(1,14\): error TS2322/)
    expect(readFileSync(join(root, 'dist/main.js'), 'utf8')).toContain('42')
    expect(isBuilt(root)).toBe(false)
    expect(readdirSync(root).filter((name) => name.startsWith('.dist-'))).toEqual([])
  })
})

describe('as a whole', () => {
  test('a second run says nothing and takes less than a second', async () => {
    const root = createClone(SOURCES)
    const command = [process.execPath, 'scripts/setup.mjs'] as const
    const first = await runProgram(command, { cwd: root })
    expect(first).toMatchObject({ code: 0, stdout: '' })
    expect(first.stderr).toMatch(/^set-up: building dist\/ … \d.*s\n$/)
    let fastestMs = Number.POSITIVE_INFINITY
    for (let run = 0; run < 3; run += 1) {
      const startedAt = performance.now()
      expect(await runProgram(command, { cwd: root })).toEqual({ code: 0, stdout: '', stderr: '' })
      fastestMs = Math.min(fastestMs, performance.now() - startedAt)
    }
    expect(fastestMs).toBeLessThan(1_000)
  })

  test('a fault ends it with exit code 3 and with what to do', async () => {
    const root = createClone({ 'src/main.ts': 'nonsense nonsense' })
    const command = [process.execPath, 'scripts/setup.mjs', '--quiet'] as const
    const { code, stderr } = await runProgram(command, { cwd: root })
    expect(code).toBe(3)
    expect(stderr).toMatch(/^tocsin: the sources do not compile:\n/)
  })

  test('two at once take turns, and a lock of a dead process is taken over', async () => {
    const path = join(createFolder(), 'setup.lock')
    writeFileSync(path, '999999999')
    const order: string[] = []
    const run = (name: string) =>
      withSetupLock(path, {
        report: () => {},
        work: async () => {
          order.push(`${name} begins`)
          await new Promise((wake) => setImmediate(wake))
          order.push(`${name} ends`)
        },
      })
    await Promise.all([run('first'), run('second')])
    expect(order).toEqual(['first begins', 'first ends', 'second begins', 'second ends'])
    expect(existsSync(path)).toBe(false)
  })
})

describe('Redis', () => {
  test('a program on PATH that does not work is passed over', async () => {
    const folder = createFolder()
    writeFiles(folder, { 'bin/redis-server': '#!/bin/sh\necho broken\nexit 1\n' })
    const env = { PATH: `${join(folder, 'bin')}:/bin:/usr/bin`, TOCSIN_DATA_DIR: folder }
    const found = await findRedisServer({ env, fetch: false })
    expect(found.command).not.toContain(folder)
  })

  test('a working one on PATH is preferred to what an earlier set-up left', async () => {
    const { command, env } = await findRedisServer()
    const folder = createFolder()
    const libraries = env['LD_LIBRARY_PATH'] ?? ''
    const program = `#!/bin/sh\nLD_LIBRARY_PATH='${libraries}' exec '${command}' "$@"\n`
    writeFiles(folder, { 'bin/valkey-server': program })
    const PATH = `${join(folder, 'bin')}:/bin:/usr/bin`
    const found = await findRedisServer({ env: { PATH }, fetch: false })
    expect(found).toMatchObject({ kind: 'path', command: join(folder, 'bin/valkey-server') })
  })

  test('of packages that replace each other the first is taken', () => {
    const listing = [
      'redis-tools',
      '  Depends: adduser',
      ' |Depends: libsystemd0',
      '  Depends: libelogind0',
      '  PreDepends: libssl3',
      '  Depends: <virtual>',
      '  Suggests: ruby-redis',
    ]
    const names = ['adduser', 'libsystemd0', 'libssl3']
    expect(parseDependencies(listing.join('\n'))).toEqual(names)
  })
})
