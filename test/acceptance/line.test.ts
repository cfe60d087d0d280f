// Owns the proof of the whole line: from an entry at the API to one message at each receiver.
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { openRedisStores } from '../../src/state/redis.ts'
import { CONTRACT, openTestService, type TestService, userCreated } from './service.ts'

let service: TestService
afterEach(() => service.close())

describe('an entry at the API', () => {
  it('becomes exactly one message at Slack and one mail', async () => {
    service = await openTestService()
    const { simulator, slack, mail } = service
    await service.start()
    simulator.addEntries(CONTRACT, [userCreated('mallory@example.com')])
    await service.until(() => {
      expect(slack.requests.length).toBe(1)
      expect(mail.mails.length).toBe(1)
    })
    expect(JSON.stringify(slack.requests[0]?.payload)).toContain(
      'mallory@example.com created a user',
    )
    expect(mail.mails[0]?.parsed.subject).toMatch(/^\[HIGH\] mallory@example.com .* \(A-1000\)$/)
  })

  it('is counted for its rule, beside the time that the rule took', async () => {
    service = await openTestService()
    const { simulator, redis } = service
    const app = await service.start()
    simulator.addEntries(CONTRACT, [userCreated('mallory@example.com')])
    await service.until(() => expect(service.messages().length).toBe(1))
    await app.stop()
    const now = systemClock.now()
    const { ruleStats } = openRedisStores(redis.redis, redis.keys)
    const { events, rules } = await ruleStats.read({ from: now - 3_600_000, to: now + 1 })
    expect(events).toBeGreaterThanOrEqual(1)
    const counts = rules.get('user-created')
    expect(counts).toMatchObject({ matches: 1, detections: 1, alerts: 1 })
    expect(counts?.micros).toBeGreaterThan(0)
    expect(counts?.lastMatchAt).toBeGreaterThan(now - 60_000)
  })

  it('that comes again, late or twice, is not told again; another user is', async () => {
    service = await openTestService()
    const { simulator } = service
    await service.start()
    const entry = userCreated('mallory@example.com', { id: 'one' })
    simulator.addEntries(CONTRACT, [entry, entry])
    await service.until(() => expect(service.messages().length).toBe(1))
    simulator.addEntries(CONTRACT, [
      entry,
      userCreated('mallory@example.com', { id: 'two', agoMs: 60_000 }),
      userCreated('eve@example.com'),
    ])
    await service.until(() => expect(service.messages().length).toBe(2))
    expect(service.messages()[1]).toContain('eve@example.com')
  })

  it('that is damaged goes to the dead letters, and the rest of its page goes on', async () => {
    service = await openTestService()
    const { simulator, redis } = service
    const app = await service.start()
    simulator.addHits(CONTRACT, [
      { _source: null },
      { _source: 'text' },
      { _source: { event: { type: 'no time' } } },
      { _source: userCreated('mallory@example.com') },
    ])
    await service.until(() => expect(service.messages().length).toBe(1))
    await service.until(async () => {
      expect(await redis.redis.llen(redis.keys.deadLetters(CONTRACT))).toBeGreaterThanOrEqual(3)
    })
    await app.stop()
  })

  it('names a hostile user, who gets no mention and no markup', async () => {
    service = await openTestService()
    const { simulator, slack, mail } = service
    await service.start()
    simulator.addEntries(CONTRACT, [userCreated('<!channel> <b>x</b>\r\nBcc: eve@example.com')])
    await service.until(() => expect(slack.requests.length + mail.mails.length).toBe(2))
    expect(JSON.stringify(slack.requests[0]?.payload)).not.toContain('<!channel>')
    expect(mail.mails[0]?.parsed.html).not.toContain('<b>x</b>')
    expect(mail.mails[0]?.recipients).toEqual(['soc@example.com'])
  })
})

describe('the service', () => {
  it('that was stopped and started tells nothing twice and misses nothing', async () => {
    service = await openTestService()
    const { simulator } = service
    const first = await service.start()
    simulator.addEntries(CONTRACT, [userCreated('a@example.com'), userCreated('b@example.com')])
    await service.until(() => expect(service.messages().length).toBe(2))
    await first.stop()
    simulator.addEntries(CONTRACT, [userCreated('c@example.com')])
    await service.start()
    await service.until(() => expect(service.messages().length).toBe(3))
    expect(service.messages()[2]).toContain('c@example.com')
  })

  it('in parts does the same as in one process', async () => {
    service = await openTestService()
    const { simulator } = service
    await service.start({ roles: ['read'] })
    await service.start({ roles: ['evaluate'] })
    await service.start({ roles: ['evaluate'] })
    await service.start({ roles: ['notify'] })
    const users = Array.from({ length: 30 }, (_, at) => `user-${at}@example.com`)
    simulator.addEntries(
      CONTRACT,
      users.map((user) => userCreated(user)),
    )
    await service.until(() => expect(service.messages().length).toBe(30))
    const told = users.filter((user) => service.messages().some((text) => text.includes(user)))
    expect(told).toEqual(users)
  })
})

describe('a receiver', () => {
  it('that fails first gets the message later, and delays no other', async () => {
    service = await openTestService()
    const { simulator, slack, mail } = service
    slack.behave({ status: 500, body: 'no' })
    await service.start()
    simulator.addEntries(CONTRACT, [userCreated('mallory@example.com')])
    await service.until(() => expect(mail.mails.length).toBe(1))
    await service.until(() => expect(slack.requests.length).toBeGreaterThanOrEqual(1))
    slack.behave(undefined)
    await service.until(() => expect(service.messages().length).toBe(1))
    expect(service.messages()[0]).not.toMatch(/repeat/i)
  })

  it('that asks for patience gets it, and then the message once', async () => {
    service = await openTestService()
    const { simulator, slack } = service
    slack.behave({ status: 429, headers: { 'Retry-After': '2' } })
    await service.start()
    simulator.addEntries(CONTRACT, [userCreated('a@example.com'), userCreated('b@example.com')])
    await service.until(() => expect(slack.requests.length).toBeGreaterThan(0))
    const limitedAt = performance.now()
    slack.behave(undefined)
    await service.until(() => expect(service.messages().length).toBe(2))
    expect(performance.now() - limitedAt).toBeGreaterThan(1_900)
    expect(service.messages().filter((text) => /repeat/i.test(text))).toEqual([])
  })

  it('that may have taken a message is told that the next may be a repeat', async () => {
    service = await openTestService()
    const { simulator, slack } = service
    slack.behave('cut')
    await service.start()
    const cut = slack.arrived()
    simulator.addEntries(CONTRACT, [userCreated('mallory@example.com')])
    await cut
    slack.behave(undefined)
    await service.until(() => expect(service.messages().length).toBe(1))
    expect(service.messages()[0]).toMatch(/repeat/i)
  })

  it('that refuses for good is left alone, and the delivery is dead', async () => {
    service = await openTestService()
    const { simulator, slack, mail, redis } = service
    slack.behave({ status: 404, body: 'no_service' })
    await service.start()
    simulator.addEntries(CONTRACT, [userCreated('mallory@example.com')])
    // The other receiver is told of the alert, and may by then have been told of the failure, too.
    const mailsOf = (user: string) =>
      mail.mails.filter((sent) => sent.parsed.subject?.includes(user))
    await service.until(() => expect(mailsOf('mallory')).toHaveLength(1))
    await service.until(async () => {
      const [name = ''] = await redis.redis.keys(redis.keys.deliveries(CONTRACT, '*'))
      const records = Object.values(await redis.redis.hgetall(name)).map((json) => JSON.parse(json))
      const dead = records.filter((record) => record.state === 'dead')
      expect(dead.map((record) => record.receiver)).toEqual(['slack'])
    })
    expect(slack.requests.length).toBe(1)
  })
})
