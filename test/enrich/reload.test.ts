// Owns the proof that a changed file is taken up, and that a bad one changes nothing but the log.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openEnrichment } from '../../src/enrich/geo.ts'
import { createLog } from '../../src/observe/log.ts'
import { createFolder } from '../clone.ts'
import { putFile, writeMmdb } from './mmdb-writer.ts'

/** A clock that a test moves: each `round` lets what sleeps on it run until it sleeps again. */
function createRounds() {
  let wake = () => {}
  let asleep = () => {}
  let falling = new Promise<void>((resolve) => (asleep = resolve))
  const signal = new AbortController()
  return {
    signal: signal.signal,
    clock: {
      now: () => 0,
      sleep: () =>
        new Promise<void>((resolve) => {
          wake = resolve
          asleep()
        }),
    },
    async round(): Promise<void> {
      await falling
      falling = new Promise<void>((resolve) => (asleep = resolve))
      wake()
      await falling
    },
    stop(): void {
      signal.abort()
      wake()
    },
  }
}

async function openWatched(path: string) {
  const lines: { level: string; msg: string; reason?: string; message?: string }[] = []
  const log = createLog({
    level: 'info',
    output: { write: (line) => lines.push(JSON.parse(line) as (typeof lines)[0]) },
  })
  const rounds = createRounds()
  const { look, run } = await openEnrichment({
    country: path,
    asn: 'builtin',
    clock: rounds.clock,
    log,
  })
  const running = run(rounds.signal)
  return {
    country: () => look('8.8.8.8').country,
    lines,
    round: () => rounds.round(),
    stop: () => {
      rounds.stop()
      return running
    },
  }
}

const records = (code: string) => ({ records: { '8.8.8.0/24': { country_code: code } } })

describe('a file that changes', () => {
  it('is taken up when it has held still for a round, and forgets what was remembered', async () => {
    const folder = createFolder()
    const path = putFile(folder, 'c.mmdb', records('DE'))
    const { country, lines, round, stop } = await openWatched(path)
    await round()
    expect(country()).toBe('DE')
    putFile(folder, 'c.mmdb', { ...records('FR'), type: 'longer than before' })
    await round()
    expect(country()).toBe('DE')
    await round()
    expect(country()).toBe('FR')
    await round()
    expect(lines.map(({ msg }) => msg)).toEqual(['changed data on addresses is in use'])
    await stop()
  })

  it('and is bad changes nothing but the log, once; the next good one is used', async () => {
    const folder = createFolder()
    const path = putFile(folder, 'c.mmdb', records('DE'))
    const { country, lines, round, stop } = await openWatched(path)
    writeFileSync(path, 'half a download')
    for (let at = 0; at < 4; at += 1) await round()
    expect(country()).toBe('DE')
    expect(lines).toMatchObject([
      {
        level: 'warn',
        reason: 'damaged',
        message: expect.stringContaining(path),
        msg: 'the data from before stays in use',
      },
    ])
    putFile(folder, 'c.mmdb', records('FR'))
    for (let at = 0; at < 2; at += 1) await round()
    expect(country()).toBe('FR')
    await stop()
  })

  it('and is gone changes nothing but the log, once; back it is used', async () => {
    const folder = createFolder()
    const path = putFile(folder, 'c.mmdb', records('DE'))
    const { country, lines, round, stop } = await openWatched(path)
    rmSync(path)
    for (let at = 0; at < 4; at += 1) await round()
    expect(country()).toBe('DE')
    expect(lines).toMatchObject([{ level: 'warn', reason: 'unreadable' }])
    putFile(folder, 'c.mmdb', records('FR'))
    for (let at = 0; at < 2; at += 1) await round()
    expect(country()).toBe('FR')
    await stop()
  })
})

describe('a file that is damaged inside', () => {
  it('says nothing of what can not be read, and the log says so once', async () => {
    const folder = createFolder()
    const bytes = writeMmdb({
      records: { '1.1.1.0/24': { country_code: 'DE' }, '8.8.8.0/24': { country_code: 'US' } },
    })
    // A pointer that points to itself, where the second record begins.
    const second = bytes.lastIndexOf('country_code') - 2
    bytes.writeUInt16BE(0x2000 + (second - (bytes.indexOf('country_code') - 2)), second)
    const path = join(folder, 'c.mmdb')
    writeFileSync(path, bytes)
    const { country, lines, stop } = await openWatched(path)
    expect(country()).toBeUndefined()
    expect(country()).toBeUndefined()
    expect(lines).toMatchObject([{ level: 'warn', msg: 'data on addresses is damaged' }])
    await stop()
  })
})
