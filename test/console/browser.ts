// Owns the browser of console tests: the system's Chromium, started once a file; and the service it
// looks at. Where there is no Chromium, tests say so and are skipped.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

/** Where Debian, Ubuntu and others put it; CHROMIUM_PATH names another place. */
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
/** Much more than any page takes: only what never comes meets it. */
const TIMEOUT_MS = 30_000
const WIDE = { width: 1280, height: 800 }
export const PHONE = { width: 390, height: 844 }

export const BUILT = join(import.meta.dirname, '../../dist/http/console/index.html')

/** The browser's path; undefined, with the reason printed, when there is none. */
export function findBrowser(): string | undefined {
  const named = process.env['CHROMIUM_PATH']
  const found = [...(named === undefined ? [] : [named]), ...PLACES].find((path) =>
    existsSync(path),
  )
  if (found === undefined) {
    console.warn('console tests are skipped: no Chromium (apt-get install chromium, CHROMIUM_PATH)')
  } else if (!existsSync(BUILT)) {
    console.warn('console tests are skipped: the console is not built (npm run build)')
    return undefined
  }
  return found
}

export type TestBrowser = {
  readonly browser: Browser
  /** Options of a wide screen. */
  readonly wide: { readonly viewport: { readonly width: number; readonly height: number } }
  /** A page of that browser; what its console says is wrong is in `faults`. */
  openPage(context: BrowserContext): Promise<{ page: Page; faults: string[] }>
  /** A page of a browser of its own. */
  open(
    options?: Parameters<Browser['newContext']>[0],
  ): Promise<{ page: Page; context: BrowserContext; faults: string[] }>
  close(): Promise<void>
}

export async function openBrowser(executablePath: string): Promise<TestBrowser> {
  const browser = await chromium.launch({ executablePath, args: FLAGS })
  const openPage = async (context: BrowserContext) => {
    context.setDefaultTimeout(TIMEOUT_MS)
    const page = await context.newPage()
    const faults: string[] = []
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text())
    })
    return { page, faults }
  }
  return {
    browser,
    wide: { viewport: WIDE },
    openPage,
    async open(options = {}) {
      const context = await browser.newContext({ viewport: WIDE, ...options })
      return { context, ...(await openPage(context)) }
    },
    close: () => browser.close(),
  }
}
