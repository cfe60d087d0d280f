// Owns the proof that a flood buries nobody and hides nothing: 10,000 alerts in a minute, told in at
// most the budget and some digests, each alert counted in some message, the critical first.
import { randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openLog, openServer, severityRules, until } from './deliveries-harness.mjs'
import { createVerdict, openDataFolder, openMail, sleep, startService } from './harness.mjs'
import { readOptions } from './options.mjs'

const values = readOptions({
  command: 'chaos:flood',
  about:
    'Proves that a storm of alerts costs each receiver its budget and digests, and that every alert is counted.',
  options: {
    alerts: { default: 10_000, about: 'alerts of the storm' },
    seconds: { default: 60, about: 'how long it blows' },
    within: { default: 10, about: 'minutes that a budget of 20 messages is for' },
  },
})
const { alerts } = values
const withinMs = values.within * 60_000
const COUNT = 20
const CRITICAL_COUNT = 30
const BATCHES = 60
const SECRET = `whsec_${Buffer.alloc(32, 3).toString('base64')}`

/** Of a hundred alerts one is critical, nine are high, the rest low. */
const severityOf = (at) => (at % 100 === 50 ? 'critical' : at % 10 === 5 ? 'high' : 'low')
const names = Array.from(
  { length: alerts },
  (_, at) => `${severityOf(at)}-${at}-of-${randomUUID().slice(0, 8)}`,
)
const wanted = (severity) => names.filter((name) => name.startsWith(severity)).length

const log = await openLog()
const mail = await openMail()
const slack = await openServer(() => ({ status: 200, body: 'ok' }))
const hook = await openServer(() => ({ status: 204 }))
const data = openDataFolder()
const archive = join(data.folder, 'alerts.ndjson')
const verdict = createVerdict()
const service = await start()

console.log(
  `${alerts} alerts in ${values.seconds} s, budget ${COUNT} in ${values.within} minutes\n`,
)
const began = Date.now()
for (let batch = 0; batch < BATCHES; batch += 1) {
  const size = alerts / BATCHES
  log.add(names.slice(Math.round(batch * size), Math.round((batch + 1) * size)))
  await sleep(Math.max(0, began + ((batch + 1) * values.seconds * 1_000) / BATCHES - Date.now()))
}
const archived = () => {
  try {
    return readFileSync(archive, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
  } catch {
    return []
  }
}
await until(300_000, () => archived().length >= alerts)
console.log(
  `      ${archived().length} alerts raised after ${((Date.now() - began) / 1000).toFixed(0)} s`,
)

const hookMessages = () => hook.requests.map(({ body, at }) => ({ at, ...JSON.parse(body) }))
const countedIn = (messages) =>
  messages.reduce((sum, { type, data: told }) => sum + (type === 'digest' ? told.alerts : 1), 0)
await until(withinMs * 2.5 + 60_000, () => countedIn(hookMessages()) >= alerts)
await sleep(3_000)

judgeHook()
judgeTexts(
  'slack',
  slack.requests.map(({ body }) => JSON.parse(body).text),
)
judgeTexts(
  'mail',
  mail.mails.map(({ text }) => text),
)
verdict.check(
  new Set(archived().map((line) => JSON.parse(line).finding_info.uid)).size === alerts,
  `archive (no budget): ${archived().length} lines, one for each alert`,
)

// Normal again by itself: when nothing came for a span, the next alert comes alone.
await sleep(withinMs + 5_000)
const after = `high-after-of-${randomUUID().slice(0, 8)}`
log.add([after])
const isAlone = () =>
  hookMessages().some(
    ({ type, data: told }) => type !== 'digest' && JSON.stringify(told).includes(after),
  )
verdict.check(await until(60_000, isAlone), 'when it is over, the next alert comes by itself')
verdict.end()
await service.stop()
for (const server of [mail, slack, hook]) server.close()
await log.stop()
data.remove()

function judgeHook() {
  const messages = hookMessages()
  const digests = messages.filter(({ type }) => type === 'digest')
  const single = messages.filter(({ type }) => type !== 'digest')
  const minutes = digests.map(({ at }) => ((at - began) / 60_000).toFixed(1))
  console.log(
    `      hook: ${single.length} by themselves, digests after ${minutes.join(', ')} minutes`,
  )
  for (const { data: told } of digests) {
    const groups = told.groups.map(({ severity, count }) => `${count} ${severity}`)
    console.log(`      hook: a digest of ${told.alerts} alerts: ${groups.join(', ')}`)
  }
  verdict.check(
    countedIn(messages) === alerts,
    `hook: ${countedIn(messages)} of ${alerts} alerts counted`,
  )
  const bySeverity = (severity) =>
    single.filter(({ data: told }) => told.alert.severity === severity).length +
    digests.reduce((sum, { data: told }) => sum + (told.severities[severity] ?? 0), 0)
  for (const severity of ['critical', 'high', 'low']) {
    const found = bySeverity(severity)
    verdict.check(found === wanted(severity), `hook: ${found} of ${wanted(severity)} ${severity}`)
  }
  const ordinary = single.filter(({ data: told }) => told.alert.severity !== 'critical').length
  const critical = single.length - ordinary
  verdict.check(
    ordinary <= COUNT && single.length <= CRITICAL_COUNT,
    `hook: ${ordinary} others and ${critical} critical by themselves, at most ${COUNT} and ${CRITICAL_COUNT}`,
  )
  const worstFirst = digests.every(({ data: told }) => {
    const ranks = told.groups.map(({ severity }) =>
      ['critical', 'high', 'medium', 'low'].indexOf(severity),
    )
    return ranks.every((rank, at) => at === 0 || rank >= ranks[at - 1])
  })
  verdict.check(worstFirst, 'hook: every digest names the most severe first')
}

/** People's messages say how many in words. */
function judgeTexts(receiver, texts) {
  const counts = texts.map((text) => Number(/(\d+) more alerts?:/.exec(text)?.[1] ?? 1))
  const digests = counts.filter((count) => count > 1).length
  const sum = counts.reduce((one, other) => one + other, 0)
  verdict.check(sum === alerts, `${receiver}: ${sum} of ${alerts} alerts counted`)
  verdict.check(
    texts.length <= CRITICAL_COUNT + digests,
    `${receiver}: ${texts.length} messages, ${digests} of them digests`,
  )
}

async function start() {
  const rules = join(data.folder, 'rules')
  mkdirSync(rules, { recursive: true })
  for (const [id, rule] of Object.entries(severityRules())) {
    writeFileSync(join(rules, `${id}.json`), JSON.stringify(rule))
  }
  const config = join(data.folder, 'tocsin.config.json')
  const budget = { count: COUNT, within: `${values.within}m` }
  writeFileSync(
    config,
    JSON.stringify({
      ionos: { interval: '1s', pageSize: 1_000, requestsPerMinuteMax: 6_000 },
      rules: [rules],
      receivers: {
        mail: {
          type: 'email',
          smtp: mail.url,
          from: 'a@example.com',
          to: ['b@example.com'],
          budget,
        },
        slack: { type: 'slack', url: `${slack.url}/services/x`, pace: '0', budget },
        hook: { type: 'webhook', url: hook.url, secret: SECRET, budget },
        archive: { type: 'ndjson', path: archive },
      },
    }),
  )
  let runs
  const started = new Promise((resolve) => {
    runs = resolve
  })
  const child = startService({
    env: {
      IONOS_API_URL: log.url,
      IONOS_TOKEN: log.token,
      TOCSIN_CONFIG: config,
      TOCSIN_DATA_DIR: data.folder,
      LOG_LEVEL: 'info',
      PORT: '0',
    },
    args: [process.execPath, 'dist/main.js', 'serve'],
    onLine: (line) => line.includes('is running') && runs(),
  })
  await Promise.race([started, failed(child)])
  return {
    async stop() {
      child.kill('SIGTERM')
      await child.ended
    },
  }
}

/** A service that ends before it runs says why to nobody: that must not look like waiting. */
async function failed({ ended }) {
  const { code, signal } = await ended
  throw new Error(`the service ended by itself (${signal ?? `exit code ${code}`})`)
}
