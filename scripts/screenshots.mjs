// Owns docs/images/: screenshots of the console, filled by the demo. Run after a build, when pages
// have changed: node scripts/screenshots.mjs
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const PROJECT = fileURLToPath(new URL('..', import.meta.url))
const IMAGES = join(PROJECT, 'docs', 'images')
const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'
const FLAGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking']
/** So many alerts, or so long: then the pages are full of life. */
const ALERTS_WANTED = 10
const LIFE_MS_MAX = 120_000
const SETTLE_MS = 2_500
const [WIDE, PHONE] = [
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
]

const folder = mkdtempSync(join(tmpdir(), 'tocsin-images-'))
const demo = spawn(process.execPath, [join(PROJECT, 'dist/main.js'), 'demo'], {
  env: { ...process.env, TOCSIN_DATA_DIR: folder },
  stdio: ['ignore', 'pipe', 'inherit'],
})
const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
try {
  const address = await consoleAddress()
  const alerts = await untilAlive(address)
  const alert = alerts.find(({ severity }) => severity === 'high') ?? alerts[0]
  mkdirSync(IMAGES, { recursive: true })
  const shots = [
    { name: 'alerts', path: '/alerts', colorScheme: 'light', viewport: WIDE },
    { name: 'alert', path: `/alerts/${alert.id}`, colorScheme: 'light', viewport: WIDE },
    {
      name: 'alert-phone',
      path: `/alerts/${alert.id}?do=acknowledge`,
      colorScheme: 'dark',
      viewport: PHONE,
    },
    { name: 'rules', path: '/rules', colorScheme: 'light', viewport: WIDE },
    {
      name: 'playground',
      path: `/playground?rule=${alert.rule.id}`,
      colorScheme: 'dark',
      viewport: WIDE,
    },
    { name: 'health', path: '/health', colorScheme: 'dark', viewport: WIDE },
  ]
  for (const { name, path, colorScheme, viewport } of shots) {
    const page = await browser.newPage({ viewport, colorScheme })
    await page.goto(`${address}${path}`)
    await page.waitForTimeout(SETTLE_MS)
    await page.screenshot({ path: join(IMAGES, `${name}.png`) })
    await page.close()
    console.log(`docs/images/${name}.png`)
  }
} finally {
  await browser.close()
  demo.kill('SIGTERM')
  await new Promise((done) => demo.once('exit', done))
  rmSync(folder, { recursive: true, force: true })
}

function consoleAddress() {
  return new Promise((found, failed) => {
    let text = ''
    demo.stdout.on('data', (chunk) => {
      text += chunk
      const address = /console\s+(http:\S+)/.exec(text)?.[1]
      if (address !== undefined) found(address)
    })
    demo.once('exit', () => failed(new Error(`the demo ended: ${text}`)))
  })
}

async function untilAlive(address) {
  const startedAt = performance.now()
  for (;;) {
    const { alerts } = await (await fetch(`${address}/api/alerts?limit=50`)).json()
    const isLate = performance.now() - startedAt > LIFE_MS_MAX
    if (alerts.length >= ALERTS_WANTED || (isLate && alerts.length > 0)) return alerts
    await new Promise((wake) => setTimeout(wake, 1_000))
  }
}
