// Owns the tests of the registry, and of the notification that tries out a receiver.
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  createReceiver,
  isReceiverType,
  RECEIVER_KINDS,
  RECEIVER_TYPES,
} from '../../src/notify/index.ts'
import { sampleNotification } from '../../src/notify/sample.ts'
import { testContext } from './contract.ts'

const CONFIGS = {
  slack: { url: 'https://hooks.slack.com/services/T/B/x' },
  email: { smtp: 'smtp://localhost', from: 'a@example.com', to: ['b@example.com'] },
  webhook: { url: 'https://example.com/x', secret: Buffer.alloc(32).toString('base64') },
  pagerduty: { routingKey: 'R0UT1NGKEYR0UT1NGKEYR0UT1NGKEY00' },
  ndjson: { path: 'alerts.ndjson' },
  stdout: {},
} as const

describe('the registry', () => {
  it.each(Object.entries(RECEIVER_KINDS))('has %s under its own type, described', (type, kind) => {
    expect(kind.type).toBe(type)
    expect(z.toJSONSchema(kind.schema)).toMatchObject({
      type: 'object',
      additionalProperties: false,
    })
  })

  it.each(Object.entries(CONFIGS))('creates %s, which closes unused', async (type, config) => {
    if (!isReceiverType(type)) throw new Error('no such type')
    const receiver = createReceiver(type, config, testContext({ name: 'x' }))
    expect(receiver).toMatchObject({ name: 'x', type })
    await receiver.close()
  })

  it('knows its types, and nothing that only looks like one', () => {
    expect(RECEIVER_TYPES).toEqual(['slack', 'email', 'webhook', 'pagerduty', 'ndjson', 'stdout'])
    expect(['slack', 'pager', 'toString', '__proto__'].map(isReceiverType)).toEqual([
      true,
      false,
      false,
      false,
    ])
  })

  it('refuses a configuration that does not fit, without repeating it', () => {
    const config = { url: 'ftp://s3cr3t' }
    const create = () => createReceiver('slack', config, testContext())
    expect(create).toThrow(/https/)
    expect(create).not.toThrow(/s3cr3t/)
  })
})

describe('a sample', () => {
  it('says that it is a test, wherever it goes', async () => {
    const written: string[] = []
    const output = { write: (text: string) => written.push(text), colour: false }
    const context = testContext({ output })
    const sample = sampleNotification('secops', context.clock, context.timezone)
    expect(sample).toMatchObject({
      receiver: 'secops',
      reason: 'test',
      createdAt: context.clock.now(),
    })
    await createReceiver('stdout', {}, context).send(sample, new AbortController().signal)
    expect(written.join('')).toContain(' TEST  Test of receiver secops')
    expect(written.join('')).toContain('This is a test. Nothing has happened.')
  })

  it('is another one each time, so that no mailbox hides it as a repeat', () => {
    const ids = [1, 2].map((now) => {
      const clock = { now: () => now, sleep: async () => {} }
      return sampleNotification('secops', clock, 'UTC').id
    })
    expect(new Set(ids).size).toBe(2)
  })
})
