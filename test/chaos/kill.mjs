// Owns the proof that SIGKILL loses and repeats nothing: `npm start` is killed at random moments
// while hundreds of alerts happen; each must reach Slack and mail once, or say it may be a repeat.
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../dist/clock.js'
import { silentLog } from '../../dist/observe/log.js'
import { parseScenario } from '../../dist/simulator/scenario-file.js'
import { createSimulator } from '../../dist/simulator/simulator.js'
import {
  createChance,
  createVerdict,
  openDataFolder,
  openMail,
  openSlack,
  REPEAT_MARK,
  redisOn,
  sleep,
  startService,
  watchRedis,
} from './harness.mjs'
import { readOptions } from './options.mjs'

const values = readOptions({
  command: 'chaos:kill',
  about:
    'Proves that SIGKILL of the service at any moment loses nothing and repeats nothing unmarked.',
  options: {
    seed: { default: 1, about: 'draws the same moments again' },
    kills: { default: 20, about: 'how often it is killed' },
    alerts: { default: 320, about: 'alerts raised meanwhile' },
  },
})
const { kills, alerts } = values
const chance = createChance(values.seed)
/** How long a life lasts once it runs, ms; one in five is killed at any moment of its start. */
const LIFE_MS = [0, 6_000]
const KILLED_AT_START = 0.2
const START_MS_MAX = 4_000
const SETTLE_MS_MAX = 120_000
const CONTRACT = '31720001'

const { scenario } = parseScenario(
  JSON.stringify({ name: 'Quiet', contracts: [{ number: CONTRACT, users: [], attacks: [] }] }),
)
const simulator = await createSimulator({
  scenario,
  seed: 'kill',
  clock: systemClock,
  log: silentLog,
})
const apiUrl = await simulator.start()
const slack = await openSlack()
const mail = await openMail()
const data = openDataFolder()
const watch = watchRedis(data.folder)
const verdict = createVerdict()

/** Hundreds of alerts in minutes would come in digests; here each must be told by itself. */
const config = join(data.folder, 'tocsin.config.json')
writeFileSync(
  config,
  JSON.stringify({
    ionos: { backfill: 'off' },
    receivers: {
      slack: { type: 'slack', url: slack.url, pace: '0', budget: 'off' },
      email: {
        type: 'email',
        smtp: mail.url,
        from: 'b@example.com',
        to: ['a@example.com'],
        budget: 'off',
      },
    },
  }),
)

const env = {
  IONOS_API_URL: apiUrl,
  IONOS_TOKEN: simulator.token,
  TOCSIN_CONFIG: config,
  TOCSIN_DATA_DIR: data.folder,
  LOG_LEVEL: 'info',
}
const names = Array.from({ length: alerts }, (_, at) => `user-${at}-of-${randomUUID().slice(0, 8)}`)

const feeding = feed()
for (let kill = 1; kill <= kills; kill += 1) {
  let runs
  const running = new Promise((done) => {
    runs = done
  })
  const service = startService({ env, onLine: (line) => line.includes('is running') && runs() })
  const isEarly = chance() < KILLED_AT_START
  if (isEarly) await sleep(chance() * START_MS_MAX)
  else {
    await Promise.race([running, sleep(60_000)])
    await sleep(LIFE_MS[0] + chance() * (LIFE_MS[1] - LIFE_MS[0]))
  }
  if (chance() < 0.5) process.kill(service.servicePid(), 'SIGKILL')
  service.kill('SIGKILL')
  await service.ended
  const told = `${slack.messages.length} at Slack, ${mail.mails.length} mails`
  console.log(`kill ${kill} of ${kills}${isEarly ? ', at its start' : ''}: ${told}`)
}
await feeding

const last = startService({ env })
const started = performance.now()
while (performance.now() - started < SETTLE_MS_MAX) {
  if (missing(slackTexts()).length + missing(mailTexts()).length === 0) break
  await sleep(200)
}
// What would come twice has the time of a stalled job and a recovery to do so.
await sleep(20_000)
process.kill(last.servicePid(), 'SIGTERM')
const { code } = await last.ended
await sleep(500)
watch.stop()

judge('Slack', slackTexts())
judge('mail', mailTexts())
const ids = new Map()
for (const { messageId, text } of mail.mails) {
  const name = names.find((candidate) => text.includes(candidate))
  ids.set(name, (ids.get(name) ?? new Set()).add(messageId))
}
verdict.check(
  [...ids.values()].every((set) => set.size === 1),
  'mails of one alert carry one Message-ID',
)
verdict.check(code === 0, `the last life ended by SIGTERM with exit code ${code}`)
verdict.check(redisOn(data.folder).length === 0, 'no Redis is left running')
verdict.check(watch.most() === 1, `at most ${watch.most()} Redis ran on the data at a time`)
verdict.end()
await simulator.stop()
slack.close()
mail.close()
data.remove()

/** Puts entries in over the whole time of the kills. */
async function feed() {
  const everyMs = (kills * (LIFE_MS[0] + LIFE_MS[1])) / 2 / alerts
  for (const name of names) {
    simulator.addEntries(CONTRACT, [userCreated(name)])
    await sleep(everyMs)
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

function slackTexts() {
  return slack.messages
}

function mailTexts() {
  return mail.mails.map(({ text }) => text)
}

function missing(texts) {
  return names.filter((name) => !texts.some((text) => text.includes(name)))
}

function judge(receiver, texts) {
  const lost = missing(texts)
  verdict.check(
    lost.length === 0,
    `${receiver}: ${names.length - lost.length} of ${names.length} alerts`,
  )
  const repeats = names.flatMap((name) => texts.filter((text) => text.includes(name)).slice(1))
  const unmarked = repeats.filter((text) => !REPEAT_MARK.test(text))
  verdict.check(
    unmarked.length === 0,
    `${receiver}: ${repeats.length} repeats, ${unmarked.length} unmarked`,
  )
  verdict.check(
    repeats.length <= kills * 4,
    `${receiver}: no more repeats than sends cut by a kill`,
  )
}
