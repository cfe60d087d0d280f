// Owns the proof that receivers in trouble trouble no other, over real HTTP and SMTP: limits, silence,
// refusal, storms; and that the others hear of it. The long version is test/chaos/deliveries.mjs.
import { afterEach, describe, expect, it } from 'vitest'
import { createPostServer, type PostServer } from '../notify/post-server.ts'
import { CONTRACT, openTestService, type TestService, userCreated } from './service.ts'

const SECRET = `whsec_${Buffer.alloc(32, 3).toString('base64')}`
const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const

/** A rule for each severity, for users whose name begins with it. */
const RULES = Object.fromEntries(
  SEVERITIES.map((severity) => [
    `${severity}-user`,
    {
      id: `${severity}-user`,
      title: `User of ${severity} severity`,
      severity,
      conditions: { all: [{ fact: 'user', operator: 'startsWith', value: `${severity}-` }] },
      alert: { title: '{{ user }} was created', groupBy: ['user'] },
    },
  ]),
)

let service: TestService
const servers: PostServer[] = []
afterEach(async () => {
  await service.close()
  for (const server of servers.splice(0)) await server.close()
})

async function openHook(): Promise<PostServer> {
  const server = await createPostServer(() => ({ status: 204 }))
  servers.push(server)
  return server
}

const hookTo = ({ origin }: PostServer, more = {}) => ({
  type: 'webhook',
  url: origin,
  secret: SECRET,
  budget: 'off',
  ...more,
})

const bodiesOf = (server: PostServer) =>
  server.requests.filter(({ answer }) => answer.startsWith('204')).map(({ body }) => body)

describe('receivers in trouble', () => {
  it('delay no other; the limited one is told in order, once it allows', async () => {
    service = await openTestService(RULES)
    const { simulator, slack, mail } = service
    const [hook, silent, refusing] = [await openHook(), await openHook(), await openHook()]
    silent.behave('hang')
    refusing.behave({ status: 410 })
    slack.behave({ status: 429, headers: { 'Retry-After': '2' } })
    const smtp = `smtp://127.0.0.1:${mail.port}`
    await service.start({
      receivers: {
        mail: { type: 'email', smtp, from: 'a@example.com', to: ['b@example.com'], budget: 'off' },
        hook: hookTo(hook),
        limited: { type: 'slack', url: slack.url, pace: '1s', budget: 'off' },
        silent: hookTo(silent),
        refusing: hookTo(refusing),
      },
    })
    const users = SEVERITIES.flatMap((severity) =>
      [1, 2].map((at) => `${severity}-${at}@x.example`),
    )
    simulator.addEntries(
      CONTRACT,
      users.map((user) => userCreated(user)),
    )
    const told = (texts: readonly string[]) =>
      users.filter((user) => texts.some((text) => text.includes(user)))
    await service.until(() => {
      expect(told(mail.mails.map(({ raw }) => raw))).toEqual(users)
      expect(told(bodiesOf(hook))).toEqual(users)
    })
    expect(service.messages()).toEqual([])
    slack.behave(undefined)
    await service.until(() => expect(told(service.messages())).toEqual(users))
    const order = service
      .messages()
      .flatMap((text) =>
        SEVERITIES.flatMap((one, at) => (text.includes(`${one}-user`) ? [at] : [])),
      )
    // The one that was asked for patience may be any.
    const inversions = order.filter((rank, at) => at > 0 && rank > (order[at - 1] ?? 0))
    expect(inversions.length).toBeLessThanOrEqual(1)
    for (const texts of [
      service.messages(),
      bodiesOf(hook),
      refusing.requests.map((r) => r.body),
    ]) {
      for (const user of users) {
        expect(texts.filter((text) => text.includes(user)).length).toBeLessThanOrEqual(1)
      }
    }
    // The others hear once that one fails; it hears nothing of itself.
    const isNews = (text: string) => text.includes('tocsin-delivery-failed')
    await service.until(() => expect(bodiesOf(hook).filter(isNews)).toHaveLength(1))
    expect(refusing.requests.filter(({ body }) => isNews(body))).toEqual([])
    expect(bodiesOf(hook).find(isNews)).toContain('refusing was not told of')
  })
})

describe('a storm', () => {
  it('is told in a digest with all that the budget does not hold, then it is over', async () => {
    service = await openTestService(RULES)
    const { simulator } = service
    const hook = await openHook()
    await service.start({
      receivers: { hook: hookTo(hook, { budget: { count: 3, within: '5s' } }) },
    })
    const users = Array.from({ length: 40 }, (_, at) => `${at === 30 ? 'critical' : 'low'}-${at}@x`)
    simulator.addEntries(
      CONTRACT,
      users.map((user) => userCreated(user)),
    )
    type Told = { type: string; data: { alerts: number; severities: Record<string, number> } }
    const told = () => bodiesOf(hook).map((body) => JSON.parse(body) as Told)
    const counted = () =>
      told().reduce((sum, { type, data }) => sum + (type === 'digest' ? data.alerts : 1), 0)
    await service.until(() => expect(counted()).toBe(40))
    const digests = told().filter(({ type }) => type === 'digest')
    expect(told().length - digests.length).toBeLessThanOrEqual(4)
    expect(digests.length).toBeLessThanOrEqual(3)
    const alone = bodiesOf(hook).filter((body) => body.includes('critical-30@x'))
    expect(alone).toHaveLength(1)
    await service.until(async () => {
      const { redis, keys } = service.redis
      expect(await redis.exists(keys.digest('hook', 'budget').known)).toBe(0)
    })
    simulator.addEntries(CONTRACT, [userCreated('low-after@x')])
    await service.until(() => {
      const after = bodiesOf(hook).filter((body) => body.includes('low-after@x'))
      expect(after).toHaveLength(1)
      expect(after[0]).toContain('"type":"alert.first"')
    })
  })
})
