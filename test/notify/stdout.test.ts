// Owns the tests of what the terminal shows.
import { describe, expect, it } from 'vitest'
import { createReceiver } from '../../src/notify/index.ts'
import { type Bench, describeReceiver, testContext } from './contract.ts'
import { alertOf, notificationOf } from './notifications.ts'

const NEVER = new AbortController().signal

describeReceiver<Bench>({
  type: 'stdout',
  async open(context) {
    const written: string[] = []
    const output = { write: (text: string) => written.push(text), colour: false }
    const receiver = createReceiver('stdout', {}, { ...context, output })
    return { receiver, delivered: () => written, close: () => receiver.close() }
  },
  secrets: () => [],
  failures: () => [],
  failureNames: [],
  heal() {},
  checkHarmless(delivered) {
    expect(delivered).not.toContain('\u001b')
  },
  lengthMax: 20_000,
})

async function shown(colour: boolean, over: Parameters<typeof notificationOf>[0] = {}) {
  const written: string[] = []
  const output = { write: (text: string) => written.push(text), colour }
  const receiver = createReceiver('stdout', {}, testContext({ output }))
  await receiver.send(notificationOf(over), NEVER)
  return written.join('')
}

describe('the terminal', () => {
  it('gets colours only when it can show them', async () => {
    expect(await shown(true)).toContain('\u001b[30;48;5;208m HIGH \u001b[0m')
    expect(await shown(false)).not.toContain('\u001b')
  })

  it('gets no escape of an attacker beside those of its own', async () => {
    const title = '\u001b[2J\u001b]0;owned\u0007'
    const text = await shown(true, { alert: alertOf({ title }) })
    // eslint-disable-next-line no-control-regex
    const others = text.replace(/\u001b\[[0-9;]+m/g, '')
    expect(others).not.toContain('\u001b')
    expect(text).toContain('\\u001B[2J')
  })

  it('shows only the first step of the runbook', async () => {
    const text = await shown(false)
    expect(text).toContain('next  1. Ask the user.\n')
    expect(text).not.toContain('disable the user')
  })

  it('ends every block with an empty line', async () => {
    expect(await shown(false)).toMatch(/[^\n]\n\n$/)
  })
})
