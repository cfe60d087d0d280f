// Owns what `tocsin simulate` prints, how it stops, and what it says about wrong use.
import { createServer } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { CommandError } from '../../src/cli/context.ts'
import type { Cli } from '../../src/cli/context.ts'
import { simulateCommand } from '../../src/cli/simulate.ts'
import { isObject } from '../../src/core/shape.ts'
import { systemClock } from '../../src/clock.ts'

type Started = {
  readonly printed: () => string
  readonly ended: Promise<unknown>
  readonly stop: () => void
}

function start(args: readonly string[], cwd = process.cwd()): Started {
  const stopping = new AbortController()
  onTestFinished(() => stopping.abort())
  let printed = ''
  const stdout = { write: (text: string) => (printed += text) }
  const cli: Cli = {
    stdin: process.stdin,
    stdout,
    stderr: stdout,
    env: {},
    cwd,
    clock: systemClock,
    signal: stopping.signal,
  }
  const ended = simulateCommand(cli).parseAsync([...args], { from: 'user' })
  return { printed: () => printed, ended, stop: () => stopping.abort() }
}

/** What it prints once it listens. */
async function printedAtStart(started: Started): Promise<string> {
  await expect.poll(started.printed, { timeout: 5000, interval: 5 }).toContain('\n')
  return started.printed()
}

test('prints a line to paste, answers there, and stops when told', async () => {
  const started = start(['--port', '0', '--token', 'paste-me'])
  const text = await printedAtStart(started)
  const url = /IONOS_API_URL=(http:\/\/127\.0\.0\.1:\d+) IONOS_TOKEN=paste-me npm start/.exec(
    text,
  )?.[1]
  const headers = { authorization: 'Bearer paste-me' }
  const answer = await fetch(`${url}/activitylog/v1/contracts`, { headers })
  expect(await answer.json()).toMatchObject([{ id: 31720001 }, { id: 31720002 }])
  started.stop()
  await started.ended
  expect(started.printed()).toContain('Stopped after 1 requests.')
})

test('prints one line of JSON when asked, and takes a login beside the token', async () => {
  const args = ['--port', '0', '--json', '--scenario', 'demo', '--seed', 'x', '--login', 'ann:a:b']
  const started = start(args)
  const facts: unknown = JSON.parse(await printedAtStart(started))
  expect(facts).toEqual({
    url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    token: 'simulated-token',
    contracts: ['31720001'],
    seed: 'x',
    speed: 60,
  })
  const authorization = `Basic ${Buffer.from('ann:a:b').toString('base64')}`
  const url = isObject(facts) ? String(facts['url']) : ''
  const answer = await fetch(`${url}/activitylog/v1/contracts`, { headers: { authorization } })
  expect(answer.status).toBe(200)
  started.stop()
  await started.ended
})

describe('wrong use', () => {
  const cases: readonly [string, string[], RegExp][] = [
    [
      'a port that is none',
      ['--port', '70000'],
      /--port 70000: expected a whole number from 0 to 65535/,
    ],
    ['a fraction of a port', ['--port', '1.5'], /--port 1\.5/],
    ['an address others reach', ['--host', '0.0.0.0'], /--host 0\.0\.0\.0 is no loopback address/],
    ['a speed of zero', ['--speed', '0'], /--speed 0: expected a number from 0\.01 to 1000/],
    ['a rate that is none', ['--entries-per-minute', 'many'], /--entries-per-minute many/],
    ['a start that is no time', ['--start', 'yesterday'], /--start yesterday is no time/],
    ['a login without password', ['--login', 'ann'], /--login is not readable/],
    [
      'faults nobody knows',
      ['--faults', 'lat,cut=2'],
      /"lat": unknown fault, did you mean "late".*"cut=2"/,
    ],
    [
      'a scenario that is not there',
      ['--scenario', 'nowhere.json'],
      /nowhere\.json can't be read \(ENOENT\)/,
    ],
    [
      'a scenario with mistakes',
      ['--scenario', 'package.json'],
      /the scenario has \d+ problems:\npackage\.json:\d+:\d+: /,
    ],
  ]
  test.each(cases)('%s', async (_, args, message) => {
    const { ended } = start(args)
    const error = await ended.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(CommandError)
    expect(error).toMatchObject({ exitCode: 2, message: expect.stringMatching(message) })
  })

  test('a port that is taken is a fault of the outside', async () => {
    const server = createServer()
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    onTestFinished(() => void server.close())
    const address = server.address()
    const port = isObject(address) ? String(address['port']) : ''
    await expect(start(['--port', port]).ended).rejects.toMatchObject({
      exitCode: 3,
      message: `can't listen on 127.0.0.1:${port} (EADDRINUSE)`,
      remedy: 'it is taken: use another --port, or 0',
    })
  })
})
