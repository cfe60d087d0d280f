// Owns what benchmarks of the service share: a real Redis of their own, a Slack that answers at
// once, and entries as the simulated company makes them.
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { startApp } from '../dist/app.js'
import { systemClock } from '../dist/clock.js'
import { parseConfig } from '../dist/config.js'
import { startEmbeddedRedis } from '../dist/embedded-redis.js'
import { silentLog } from '../dist/observe/log.js'
import { createSimulator } from '../dist/simulator/simulator.js'
import { parseScenario } from '../dist/simulator/scenario-file.js'
import { findRedisServer } from '../scripts/find-redis.mjs'

const ROOT = resolve(import.meta.dirname, '..')

/** Starts a Redis with an append-only file in a folder of its own. */
export async function openRedis() {
  const dataDir = mkdtempSync(join(tmpdir(), 'tocsin-bench-'))
  const redis = await findRedisServer({ dataDir: join(ROOT, '.tocsin') })
  const embedded = await startEmbeddedRedis({ dataDir, redis, log: silentLog, clock: systemClock })
  return {
    url: `unix://${embedded.socketPath}`,
    async close() {
      await embedded.stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

/** A Slack that takes every message and tells when. */
export async function openSlack(onMessage = () => {}) {
  const server = createServer((request, response) => {
    const chunks = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      onMessage(Buffer.concat(chunks).toString('utf8'))
      response.end('ok')
    })
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${server.address().port}/services/bench`,
    close: () => new Promise((done) => server.close(done)),
  }
}

/** The service's evaluating and telling part with the shipped rules. */
export async function openService({ redisUrl, slackUrl, prefix }) {
  const { config, problems } = parseConfig(
    {
      rules: [join(ROOT, 'rules')],
      redis: { url: redisUrl, prefix },
      receivers: { slack: { type: 'slack', url: slackUrl, pace: '0' } },
    },
    {},
  )
  if (config === undefined) throw new Error(JSON.stringify(problems))
  return startApp({
    config,
    roles: new Set(['evaluate', 'notify']),
    clock: systemClock,
    log: silentLog,
    output: { write() {}, colour: false },
    signal: new AbortController().signal,
    random: Math.random,
  })
}

/** At least `count` entries of the demo's company, about 1 KB each as the API gives them. */
export async function makeEntries(count) {
  const file = join(ROOT, 'scenarios/company.json')
  const { scenario } = parseScenario(readFileSync(file, 'utf8'), file)
  const now = Date.now()
  const simulator = await createSimulator({
    scenario,
    seed: 'bench',
    clock: systemClock,
    log: silentLog,
    startTimeMs: now,
    entriesPerMinute: 600,
  })
  const contract = scenario.contracts[0].number
  const entries = []
  for (let to = now; entries.length < count; to -= 600_000) {
    entries.push(...simulator.entriesHeld(contract, { from: to - 600_000, to }))
  }
  return { contract, entries: entries.slice(0, count) }
}

/** An entry that raises an alert of its own: somebody new creates a user. */
export function userCreated(id) {
  return {
    '@uuid': id,
    meta: { auditVersion: 1, time: new Date().toISOString(), requestId: randomUUID() },
    principal: {
      sourceIP: '198.51.100.7',
      sourceService: 'PUBLIC_REST_V6',
      identity: { contractNumber: 31720001, username: `bench-${id}@example.com` },
    },
    event: {
      type: 'RequestAccepted',
      param: { action: 'POST', uri: '/cloudapi/v6/um/users' },
      resources: [{ type: 'user', id, action: ['sec.user.create'] }],
    },
  }
}

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

export function percentile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
}
