// Owns what the fault tests of deliveries share: a quiet Activity Log that is fed, receivers' servers
// that behave as told, rules that give alerts a severity by name, and asking the command line.
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { promisify } from 'node:util'
import { systemClock } from '../../dist/clock.js'
import { silentLog } from '../../dist/observe/log.js'
import { parseScenario } from '../../dist/simulator/scenario-file.js'
import { createSimulator } from '../../dist/simulator/simulator.js'
import { ROOT, sleep } from './harness.mjs'

export const CONTRACT = '31720001'

/** An Activity Log in which only happens what is added: a user of each name is created. */
export async function openLog() {
  const text = { name: 'Quiet', contracts: [{ number: CONTRACT, users: [], attacks: [] }] }
  const { scenario } = parseScenario(JSON.stringify(text))
  const simulator = await createSimulator({
    scenario,
    seed: 'fed',
    clock: systemClock,
    log: silentLog,
  })
  const url = await simulator.start()
  return {
    url,
    token: simulator.token,
    add: (names) => simulator.addEntries(CONTRACT, names.map(userCreated)),
    stop: () => simulator.stop(),
  }
}

function userCreated(name) {
  return {
    '@uuid': randomUUID(),
    meta: { auditVersion: '0.1', time: new Date(Date.now() - 2_000).toISOString() },
    principal: {
      sourceIP: '203.0.113.42',
      identity: { contractNumber: CONTRACT, username: `${name}@example.com` },
      sourceService: 'DCD',
    },
    event: {
      type: 'RequestAccepted',
      param: {},
      resources: [{ action: ['sec.user.create'], id: name, type: 'user' }],
    },
  }
}

/** A rule for each severity: it holds for users whose name begins with that word. */
export function severityRules() {
  return Object.fromEntries(
    ['critical', 'high', 'medium', 'low'].map((severity) => [
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
}

/**
 * A server that answers POSTs as `behave` says: `{ status, body, headers, delayMs }`, or `'hang'`.
 * Keeps of each request its body, its idempotency key, when it came, and what was answered.
 */
export async function openServer(behave) {
  const requests = []
  const server = createServer((request, response) => {
    const chunks = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const how = behave()
      const body = Buffer.concat(chunks).toString('utf8')
      const id = request.headers['idempotency-key']
      requests.push({ body, id, at: Date.now(), status: how === 'hang' ? 0 : how.status })
      if (how === 'hang') return
      setTimeout(() => {
        response.writeHead(how.status, how.headers ?? {}).end(how.body ?? '')
      }, how.delayMs ?? 0)
    })
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    requests,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** A server for webhooks; `bodies()` are the messages it took. */
export async function openHook(behave) {
  const server = await openServer(behave)
  const taken = ({ status }) => status >= 200 && status < 300
  return {
    ...server,
    bodies: () => server.requests.filter(taken).map(({ body }) => body),
    ids: () => server.requests.filter(taken).map(({ id }) => id),
  }
}

/** How many deliveries of each receiver are dead, being sent, waiting. */
export async function deliveriesOf({ env }) {
  const args = ['dist/main.js', 'deliveries', 'list', '--json', '--limit', '1']
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
  })
  const { receivers } = JSON.parse(stdout)
  return Object.fromEntries(receivers.map(({ receiver, counts }) => [receiver, counts]))
}

/** Waits until the check holds, at most so long; whether it did. */
export async function until(msMax, check) {
  const end = Date.now() + msMax
  while (Date.now() < end) {
    if (await check()) return true
    await sleep(250)
  }
  return false
}
