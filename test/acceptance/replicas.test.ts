// Owns the proof that a rolling restart loses and repeats nothing: two of each part, replaced one after
// the other while entries come in. With processes that are killed: chaos/replicas.mjs.
import { afterEach, expect, it } from 'vitest'
import { type App, type Role, ROLES } from '../../src/app.ts'
import { CONTRACT, openTestService, type TestService, userCreated } from './service.ts'

const PARTS: readonly Role[] = ROLES.filter((role) => role !== 'http')

let service: TestService
afterEach(() => service.close())

it('a rolling restart of two of each part tells of every entry once', async () => {
  service = await openTestService()
  const users: string[] = []
  const put = () => {
    users.push(`user-${users.length}@example.com`)
    service.simulator.addEntries(CONTRACT, [userCreated(users.at(-1) ?? '')])
  }
  const messagesOf = (user: string) => service.messages().filter((text) => text.includes(user))
  let running: { readonly part: Role; readonly app: App }[] = []
  for (const part of [...PARTS, ...PARTS]) {
    running.push({ part, app: await service.start({ roles: [part] }) })
  }
  put()
  for (const old of [...running]) {
    put()
    running.push({ part: old.part, app: await service.start({ roles: [old.part] }) })
    put()
    await old.app.stop()
    running = running.filter((one) => one !== old)
    put()
  }
  await service.until(() => {
    expect(users.filter((user) => messagesOf(user).length === 0)).toEqual([])
  })
  // Whoever still had something in hand says it before it ends.
  for (const { app } of running) await app.stop()
  expect(users.filter((user) => messagesOf(user).length !== 1)).toEqual([])
  expect(service.messages().filter((text) => /repeat/i.test(text))).toEqual([])
}, 120_000)
