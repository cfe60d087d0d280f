// Owns the proof that the service itself serves: its health, its metrics, its port, its end.
import { createServer as createTcpServer, type AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { CONTRACT, openTestService, type TestService, userCreated } from '../acceptance/service.ts'
import { httpConfig, openTestServer, askServer } from './server-harness.ts'
import { fastify } from 'fastify'
import { listen, ListenError } from '../../src/http/listen.ts'
import { HOST_DEFAULT, PORT_DEFAULT } from '../../src/http/http-config.ts'

let service: TestService | undefined
afterEach(async () => {
  await service?.close()
  service = undefined
})

describe('the service', () => {
  it('tells whether it can work, and counts what it does', async () => {
    service = await openTestService()
    const app = await service.start()
    const address = app.httpAddress as string
    service.simulator.addEntries(CONTRACT, [userCreated('mallory@example.com')])
    await service.until(() => expect(service?.messages()).toHaveLength(1))
    const ready = await askServer(address, '/readyz')
    expect(ready.status).toBe(200)
    expect(ready.json).toMatchObject({
      ready: true,
      redis: { ok: true },
      rules: { ok: true },
      readers: { detail: '1 reading', each: [{ state: 'reading' }] },
    })
    expect((await askServer(address, '/healthz')).json).toEqual({ alive: true })
    const metrics = await askServer(address, '/metrics')
    expect(metrics.text).toMatch(/tocsin_alerts_total\{rule="user-created",severity="high"\} 1/)
    await app.stop()
    await expect(askServer(address, '/healthz')).rejects.toThrow()
  })

  it('a part without http opens no port', async () => {
    service = await openTestService()
    const app = await service.start({ roles: ['evaluate'] })
    expect(app.httpAddress).toBeUndefined()
  })
})

describe('a port that is taken', () => {
  it('is an error with a remedy when it was asked for', async () => {
    const other = await openTestServer()
    const config = { ...httpConfig({}), port: Number(new URL(other.address).port) }
    const error = await listen(fastify(), config).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ListenError)
    expect(String(error)).toMatch(/127\.0\.0\.1 port \d+ is in use by another program/)
    expect((error as ListenError).remedy).toMatch(/set PORT/)
    await other.close()
  })

  it('is passed over when nobody asked for one', async () => {
    const blocker = createTcpServer()
    const blocked = await new Promise<boolean>((done) => {
      blocker.once('error', () => done(false))
      blocker.listen(PORT_DEFAULT, HOST_DEFAULT, () => done(true))
    })
    const server = fastify()
    const address = await listen(server, { ...httpConfig({}), port: undefined })
    const { port } = server.server.address() as AddressInfo
    expect(port).toBeGreaterThan(PORT_DEFAULT)
    expect(address).toBe(`http://127.0.0.1:${port}`)
    await server.close()
    if (blocked) await new Promise((done) => blocker.close(done))
  })
})
