// Owns how fast the console is in a real browser, with 10,000 alerts: the first paint, until the list is
// there, and how smoothly it scrolls from the first row to the last.
import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'
import { startApp } from '../dist/app.js'
import { systemClock } from '../dist/clock.js'
import { parseConfig } from '../dist/config.js'
import { silentLog } from '../dist/observe/log.js'
import { connectRedis } from '../dist/state/connection.js'
import { createKeys } from '../dist/state/keys.js'
import { openRedisStores } from '../dist/state/redis.js'
import { median, openRedis, percentile } from './service.mjs'

const ALERTS = 10_000
const CONTRACT = '31720001'
const ROUNDS = 5
const SEVERITIES = ['low', 'medium', 'high', 'critical']
const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'
const TIMEOUT_MS = 60_000
const FLAGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking']

if (!existsSync(CHROMIUM)) {
  console.log('no Chromium here: set CHROMIUM_PATH')
  process.exit()
}
const redis = await openRedis()
const prefix = 'console'
await fill()
const { config } = parseConfig({ redis: { url: redis.url, prefix }, http: { port: 0 } }, {})
const app = await startApp({
  config: { ...config, http: { ...config.http, port: 0 } },
  roles: new Set(['http']),
  clock: systemClock,
  log: silentLog,
  output: { write() {}, colour: false },
  signal: new AbortController().signal,
  random: Math.random,
})
const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS })

const paints = []
const lists = []
const works = []
for (let round = 0; round < ROUNDS; round += 1) {
  // A browser that has never been here: nothing of it is cached.
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  const page = await context.newPage()
  page.setDefaultTimeout(TIMEOUT_MS)
  const session = await context.newCDPSession(page)
  await session.send('Performance.enable')
  const before = await processorMs(session)
  await page.goto(`${app.httpAddress}/alerts`)
  await page.locator('.alert-row').first().waitFor()
  works.push((await processorMs(session)) - before)
  const { paint, list } = await page.evaluate(() => ({
    paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
    list: performance.now(),
  }))
  paints.push(paint)
  lists.push(list)
  await context.close()
}
const text = (times) => `${median(times).toFixed(0)} ms (${Math.max(...times).toFixed(0)} at most)`
console.log(`first contentful paint: ${text(paints)}, of ${ROUNDS} browsers with an empty cache`)
console.log(`list of ${ALERTS} alerts is there: ${text(lists)}`)
console.log(`processor time of the page until then: ${text(works)}`)

const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
await page.goto(`${app.httpAddress}/alerts`)
await page.locator('.alert-row').first().waitFor()
// Down by a screen a frame: what comes after the end is loaded as it is neared.
const { frames, rows, nodes } = await page.evaluate(async (wanted) => {
  const frames = []
  let before = performance.now()
  let rows = 0
  while (rows < wanted) {
    window.scrollBy(0, 600)
    const now = await new Promise((next) => requestAnimationFrame(next))
    frames.push(now - before)
    before = now
    rows = Number(document.querySelector('.alert-row:last-child')?.getAttribute('aria-posinset'))
  }
  return { frames, rows, nodes: document.querySelectorAll('.alert-row').length }
}, ALERTS)
const late = frames.filter((ms) => ms > 50).length
console.log(
  `scrolled to row ${rows} in ${frames.length} frames: median ${median(frames).toFixed(1)} ms, ` +
    `95 % within ${percentile(frames, 0.95).toFixed(1)} ms, ${late} longer than 50 ms; ${nodes} rows in the page`,
)
await browser.close()
await app.stop()
await redis.close()

/** Processor time of the page's process so far: it does not depend on what else the machine does. */
async function processorMs(session) {
  const { metrics } = await session.send('Performance.getMetrics')
  return (metrics.find(({ name }) => name === 'ProcessTime')?.value ?? 0) * 1_000
}

/** Alerts as the evaluator stores them. */
async function fill() {
  const connection = connectRedis(redis.url, 'state')
  const stores = openRedisStores(connection, createKeys(prefix))
  await stores.contracts.add(CONTRACT)
  const now = Date.now()
  for (let start = 0; start < ALERTS; start += 500) {
    const commits = Array.from({ length: 500 }, (_, index) => {
      const number = start + index
      const last = now - number * 60_000
      const user = `user-${number % 97}@example.com`
      const alert = {
        id: `g${number}-${number}`,
        number,
        contract: CONTRACT,
        rule: {
          id: `rule-${number % 40}`,
          title: 'A rule',
          tags: [],
          references: [],
          falsePositives: [],
        },
        ruleSetVersion: 'bench',
        severity: SEVERITIES[number % SEVERITIES.length],
        state: 'open',
        title: `${user} deleted 12 resources in data center ${number}`,
        group: [{ name: 'user', value: user }],
        first: last - 60_000,
        last,
        count: 12,
        values: {},
        fields: [],
        evidence: [{ id: `e${number}`, time: last, fields: [] }],
      }
      return {
        key: `g${number}`,
        version: 0,
        at: now,
        events: [],
        alerts: [alert],
        notifications: [],
      }
    })
    await stores.alerts.commit(CONTRACT, commits)
  }
  connection.disconnect()
}
