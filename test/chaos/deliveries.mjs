// Owns the proof that a receiver in trouble troubles no other: one that limits for minutes, one that
// never answers and one that refuses, beside two that work; then, that SIGKILL of whoever delivers
// loses nothing and repeats nothing unmarked. Real time: the first part takes some 15 minutes.
import { randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openDataFolder, openMail, REPEAT_MARK, createChance, createVerdict } from './harness.mjs'
import { readOptions } from './options.mjs'
import { sleep, startService } from './harness.mjs'
import {
  deliveriesOf,
  openHook,
  openLog,
  openServer,
  severityRules,
  until,
} from './deliveries-harness.mjs'

const values = readOptions({
  command: 'chaos:deliveries',
  about:
    'Proves that a receiver in trouble troubles no other, and that SIGKILL of the one who delivers loses nothing.',
  options: {
    alerts: { default: 500, about: 'alerts of each part' },
    minutes: { default: 5, about: 'how long one receiver answers 429' },
    kills: { default: 50, about: 'how often the delivering process is killed' },
    seed: { default: 1, about: 'draws the same moments again' },
    only: { about: 'isolation or kills: one of the two parts' },
  },
})
const { alerts, kills } = values
const limitedMs = values.minutes * 60_000
const verdict = createVerdict()
const SEVERITIES = ['critical', 'high', 'medium', 'low']
const WORKING_WITHIN_MS = 60_000
const SECRET = `whsec_${Buffer.alloc(32, 3).toString('base64')}`
/** Slack takes one a second; clocks and timers round. */
const SPACING_MS_MIN = 950

if (values.only !== 'kills') await proveIsolation()
if (values.only !== 'isolation') await proveKills()
verdict.end()

async function proveIsolation() {
  console.log(`${alerts} alerts; one receiver limits for ${values.minutes} minutes\n`)
  const log = await openLog()
  const mail = await openMail()
  const hook = await openHook(() => ({ status: 204 }))
  const limitedUntil = { at: Infinity }
  const limited = await openServer(() => {
    if (Date.now() < limitedUntil.at) return { status: 429, headers: { 'retry-after': '20' } }
    return { status: 200, body: 'ok' }
  })
  const silent = await openServer(() => 'hang')
  const refusing = await openServer(() => ({ status: 410, body: 'gone' }))
  const data = openDataFolder()
  const service = start(data, log, {
    mail: { type: 'email', smtp: mail.url, from: 'a@example.com', to: ['b@example.com'] },
    hook: { type: 'webhook', url: hook.url, secret: SECRET },
    limited: { type: 'slack', url: `${limited.url}/services/x`, pace: '1s' },
    silent: { type: 'webhook', url: silent.url, secret: SECRET },
    refusing: { type: 'webhook', url: refusing.url, secret: SECRET },
  })
  await service.running
  limitedUntil.at = Date.now() + limitedMs
  const names = Array.from(
    { length: alerts },
    (_, at) => `${SEVERITIES[at % 4]}-${at}-of-${randomUUID().slice(0, 8)}`,
  )
  const began = Date.now()
  log.add(names)
  const told = (texts) => names.filter((name) => texts.some((text) => text.includes(name)))
  const mailTexts = () => mail.mails.map(({ text }) => text)
  const working = { mail: undefined, hook: undefined }
  await until(WORKING_WITHIN_MS * 3, () => {
    const [byMail, byHook] = [told(mailTexts()).length, told(hook.bodies()).length]
    if (byMail === alerts) working.mail ??= Date.now() - began
    if (byHook === alerts) working.hook ??= Date.now() - began
    return working.mail !== undefined && working.hook !== undefined
  })
  for (const [name, ms] of Object.entries(working)) {
    const seconds = ms === undefined ? 'never' : `${(ms / 1000).toFixed(1)} s`
    verdict.check(
      ms <= WORKING_WITHIN_MS,
      `${name}: all of ${alerts} alerts within 60 s (${seconds})`,
    )
  }
  await until(120_000, async () => (await deliveriesOf(service)).refusing.dead >= alerts)
  const counts = await deliveriesOf(service)
  verdict.check(
    counts.refusing.dead === alerts,
    `refusing: ${counts.refusing.dead} of ${alerts} in the dead letters`,
  )
  /** @param {string} text */
  const isFailure = (text) => text.includes('tocsin-delivery-failed')
  for (const { name, texts } of [
    { name: 'mail', texts: mailTexts() },
    { name: 'hook', texts: hook.bodies() },
  ]) {
    const news = texts.filter(isFailure).length
    verdict.check(news === 1, `${name}: told once that the refusing one fails (${news})`)
  }
  const toItself = refusing.requests.filter(({ body }) => isFailure(body)).length
  verdict.check(toItself === 0, 'refusing: not told about itself')

  const wait = Math.max(0, limitedUntil.at - Date.now())
  console.log(`      the limited one still limits for ${Math.round(wait / 1000)} s`)
  const accepted = () => limited.requests.filter(({ status }) => status === 200)
  await until(
    wait + alerts * 1_500 + 120_000,
    () => told(accepted().map(({ body }) => body)).length === alerts,
  )
  const bodies = accepted().map(({ body }) => body)
  verdict.check(
    told(bodies).length === alerts,
    `limited: ${told(bodies).length} of ${alerts} alerts`,
  )
  const first = accepted()[0].at - limitedUntil.at
  const last = accepted().at(-1).at - limitedUntil.at
  verdict.check(first < 25_000, `limited: the first ${(first / 1000).toFixed(1)} s after it allows`)
  verdict.check(
    last < first + alerts * 1_300 + 10_000,
    `limited: the last ${(last / 1000).toFixed(1)} s after it allows (one a second)`,
  )
  const gaps = accepted()
    .slice(1)
    .map(({ at }, index) => at - accepted()[index].at)
  verdict.check(
    Math.min(...gaps) >= SPACING_MS_MIN,
    `limited: never faster than one a second (least gap ${Math.min(...gaps)} ms)`,
  )
  const ranks = bodies.flatMap((body) => {
    const name = names.find((candidate) => body.includes(candidate))
    return name === undefined ? [] : [SEVERITIES.indexOf(name.split('-')[0])]
  })
  const inversions = ranks.filter((rank, at) => at > 0 && rank < ranks[at - 1]).length
  // What was tried when the limit ended was chosen before the rest was there.
  verdict.check(inversions <= 1, `limited: in order of severity (${inversions} out of place)`)
  const tries = limited.requests.length - accepted().length
  console.log(`      limited: ${tries} tries while it limited`)
  for (const { name, texts } of [
    { name: 'mail', texts: mailTexts() },
    { name: 'hook', texts: hook.bodies() },
    { name: 'limited', texts: bodies },
    { name: 'refusing', texts: refusing.requests.map(({ body }) => body) },
  ]) {
    const twice = names.filter((one) => texts.filter((text) => text.includes(one)).length > 1)
    verdict.check(twice.length === 0, `${name}: nothing sent twice (${twice.length})`)
  }
  console.log(`      silent: ${silent.requests.length} requests, none answered\n`)
  await service.stop()
  for (const server of [mail, hook, limited, silent, refusing]) server.close()
  await log.stop()
  data.remove()
}

async function proveKills() {
  console.log(`${kills} kills of the process that delivers, 1,000 notifications\n`)
  const chance = createChance(values.seed)
  const log = await openLog()
  const mail = await openMail(20)
  const slack = await openServer(() => ({ status: 200, body: 'ok', delayMs: 20 }))
  const data = openDataFolder()
  const receivers = {
    mail: { type: 'email', smtp: mail.url, from: 'a@example.com', to: ['b@example.com'] },
    slack: { type: 'slack', url: `${slack.url}/services/x`, pace: '0' },
  }
  const evaluating = start(data, log, receivers, ['--only', 'read,evaluate'])
  await evaluating.running
  const names = Array.from({ length: 500 }, (_, at) => `high-${at}-of-${randomUUID().slice(0, 8)}`)
  let isFed = false
  const feeding = (async () => {
    for (const name of names) {
      log.add([name])
      await sleep((kills * 2_500) / names.length)
    }
    isFed = true
  })()
  let done = 0
  for (let kill = 1; kill <= kills; kill += 1) {
    const life = start(data, log, receivers, ['--only', 'notify'])
    await Promise.race([life.running.catch(() => {}), sleep(60_000)])
    await sleep(chance() * 3_000)
    await life.kill()
    done = kill
    if (kill % 10 === 0) {
      console.log(
        `      kill ${kill}: ${slack.requests.length} at Slack, ${mail.mails.length} mails`,
      )
    }
  }
  await feeding
  const last = start(data, log, receivers, ['--only', 'notify'])
  const texts = {
    slack: () => slack.requests.map(({ body }) => body),
    mail: () => mail.mails.map(({ text }) => text),
  }
  const lost = (of) => names.filter((name) => !of.some((text) => text.includes(name)))
  await until(180_000, () => isFed && lost(texts.slack()).length + lost(texts.mail()).length === 0)
  // What would come twice has the time of a stalled job to do so.
  await sleep(25_000)
  let repeatsInAll = 0
  for (const [name, read] of Object.entries(texts)) {
    const all = read()
    verdict.check(
      lost(all).length === 0,
      `${name}: ${names.length - lost(all).length} of ${names.length} arrived`,
    )
    const repeats = names.flatMap((one) => all.filter((text) => text.includes(one)).slice(1))
    repeatsInAll += repeats.length
    const unmarked = repeats.filter((text) => !REPEAT_MARK.test(text)).length
    verdict.check(
      unmarked === 0,
      `${name}: ${repeats.length} repeats, ${unmarked} of them unmarked`,
    )
  }
  verdict.check(repeatsInAll <= done, `${repeatsInAll} repeats in all, at most ${done} kills`)
  const ids = new Map()
  for (const { messageId, text } of mail.mails) {
    const name = names.find((candidate) => text.includes(candidate))
    ids.set(name, (ids.get(name) ?? new Set()).add(messageId))
  }
  verdict.check(
    [...ids.values()].every((set) => set.size === 1),
    'mails of one alert carry one Message-ID',
  )
  await last.stop()
  await evaluating.stop()
  slack.close()
  mail.close()
  await log.stop()
  data.remove()
}

/** The service with these receivers, budgets off, on a data folder that lives may share. */
function start(data, log, receivers, args = []) {
  const rules = join(data.folder, 'rules')
  mkdirSync(rules, { recursive: true })
  for (const [id, rule] of Object.entries(severityRules())) {
    writeFileSync(join(rules, `${id}.json`), JSON.stringify(rule))
  }
  const config = join(data.folder, 'tocsin.config.json')
  const unlimited = Object.entries(receivers).map(([name, one]) => [
    name,
    { ...one, budget: 'off' },
  ])
  writeFileSync(
    config,
    JSON.stringify({
      ionos: { interval: '1s', pageSize: 1_000, requestsPerMinuteMax: 6_000 },
      rules: [rules],
      receivers: Object.fromEntries(unlimited),
    }),
  )
  let runs
  const started = new Promise((resolve) => {
    runs = resolve
  })
  const env = {
    IONOS_API_URL: log.url,
    IONOS_TOKEN: log.token,
    TOCSIN_CONFIG: config,
    TOCSIN_DATA_DIR: data.folder,
    LOG_LEVEL: 'info',
    PORT: '0',
  }
  const service = startService({
    env,
    args: [process.execPath, 'dist/main.js', 'serve', ...args],
    onLine: (line) => line.includes('is running') && runs(),
  })
  const running = Promise.race([started, failed(service)])
  // A life may be killed before it runs.
  running.catch(() => {})
  return {
    env,
    running,
    async stop() {
      service.kill('SIGTERM')
      await service.ended
    },
    async kill() {
      service.kill('SIGKILL')
      await service.ended
    },
  }
}

/** A service that ends before it runs says why to nobody: that must not look like waiting. */
async function failed({ ended }) {
  const { code, signal } = await ended
  throw new Error(`the service ended by itself (${signal ?? `exit code ${code}`})`)
}
