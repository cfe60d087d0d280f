// Owns what all console tests share: one service with its alerts, one browser, and the questions they
// ask of a page: is it accessible, did anything an attacker wrote run.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { BrowserContext, Page } from 'playwright-core'
import { expect } from 'vitest'
import type { App } from '../../src/app.ts'
import { systemClock } from '../../src/clock.ts'
import { CONTRACT, openTestService, type TestService, userCreated } from '../acceptance/service.ts'
import { openBrowser, type TestBrowser } from './browser.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const LEVELS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** Of three users, of the hostile entry, and that a rule does not load. */
export const ALERTS = 5

/** Runs where it is taken for markup. */
export const EVIL =
  '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>@example.com'

const RULES = {
  'user-created': {
    id: 'user-created',
    title: 'User created',
    description: 'Somebody who can log in came into being.',
    severity: 'high',
    tags: ['attack.persistence', 'attack.t1136.003'],
    runbook: '1. Ask who did it.\n2. Remove the user.',
    falsePositives: ['A new colleague'],
    conditions: { all: [{ fact: 'actions', operator: 'contains', value: 'sec.user.create' }] },
    alert: { title: '{{ user }} created a user', groupBy: ['user'], fields: ['user', 'ip'] },
    tests: [
      { name: 'one is one', alerts: 1, events: [{ user: 'a', actions: ['sec.user.create'] }] },
    ],
  },
  'hostile-entry': {
    id: 'hostile-entry',
    title: 'Hostile entry',
    severity: 'low',
    conditions: { all: [{ fact: 'type', operator: 'startsWith', value: '<img' }] },
    alert: {
      title: '{{ message }} {{ uri }}',
      summary: '{{ actions }} {{ resourceId }} {{ service }}',
      groupBy: ['resourceId'],
      // Every fact whose text comes from an entry.
      fields: [
        'user',
        'ip',
        'type',
        'status',
        'message',
        'method',
        'uri',
        'path',
        'operation',
        'resource',
        'resourceId',
        'resourceTypes',
        'actions',
        'service',
        'initiator',
        'requestId',
        'queueRefId',
        'transactionId',
        'errorCode',
        'errorMessage',
      ],
    },
    tests: [],
  },
  broken: { id: 'broken', title: 'Broken', severity: 'hihg', conditions: { all: [] } },
}

/** What an attacker wants to run stands in everything that an entry can carry. */
export function hostileEntry(id: string) {
  const time = new Date(systemClock.now() - 5_000).toISOString()
  const text = (where: string) => `${EVIL} ${where}`
  return {
    '@uuid': id,
    meta: {
      auditVersion: text('auditVersion'),
      time,
      requestId: text('requestId'),
      queueRefId: text('queueRefId'),
      transactionId: text('transactionId'),
    },
    principal: {
      sourceIP: text('sourceIP'),
      sourceService: text('sourceService'),
      serviceHost: text('serviceHost'),
      identity: { contractNumber: CONTRACT, username: EVIL, [EVIL]: text('identity') },
    },
    event: {
      type: text('type'),
      status: text('status'),
      message: text('message'),
      param: {
        action: text('action'),
        uri: text('uri'),
        initiator: text('initiator'),
        sourceService: text('param.sourceService'),
        errorCode: text('errorCode'),
        error: {
          httpStatus: text('httpStatus'),
          messages: [{ errorCode: text('errorCode'), message: text('error.message') }],
        },
        [EVIL]: text('param'),
      },
      resources: [{ id: text('id'), type: text('resource'), action: [text('resource.action')] }],
    },
  }
}

export const title = (user: string) => `${user} created a user`

type Violation = { readonly id: string; readonly nodes: readonly { readonly html: string }[] }

async function violations(page: Page, options: object): Promise<readonly string[]> {
  const asked = JSON.stringify({ ...options, resultTypes: ['violations'], preload: false })
  const result = (await page.evaluate(`axe.run(document, ${asked})`)) as {
    violations: readonly Violation[]
  }
  return result.violations.map(
    ({ id, nodes }) => `${id}: ${JSON.stringify(nodes[0]).slice(0, 500)}`,
  )
}

/** Expects that axe finds nothing against WCAG 2.2 AA, light and dark. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(AXE)
  await page.emulateMedia({ colorScheme: 'light' })
  expect(await violations(page, { runOnly: LEVELS })).toEqual([])
  // The other look is the same page in other colours.
  await page.emulateMedia({ colorScheme: 'dark' })
  const colours = { runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] } }
  expect(await violations(page, colours)).toEqual([])
}

/** Expects that nothing of it ran, nor is markup. */
export async function expectHarmless(page: Page): Promise<void> {
  expect(await page.evaluate('window.pwned')).toBeUndefined()
  expect(await page.locator('img, body script').count()).toBe(0)
}

export type OpenPage = { readonly page: Page; readonly faults: string[] }

export type Desk = {
  readonly service: TestService
  readonly browser: TestBrowser
  /** The app that serves now: tests stop it and start another one. */
  app: App
  readonly address: string
  /** A page that shows `path`, in the browser all tests share. */
  show(path: string): Promise<OpenPage>
  /** The latest alert with this text. */
  alert(text: string): Promise<{ readonly id: string; readonly state: string }>
  close(): Promise<void>
}

export async function openDesk(browserPath: string): Promise<Desk> {
  const [service, browser] = await Promise.all([openTestService(RULES), openBrowser(browserPath)])
  const app = await service.start()
  const address = app.httpAddress as string
  service.simulator.addEntries(CONTRACT, [
    ...['mallory@example.com', 'eve@example.com', EVIL].map((user, index) =>
      userCreated(user, { id: `event-${index}`, agoMs: 60_000 - index * 1_000 }),
    ),
    hostileEntry('hostile'),
  ])
  await service.until(() => expect(service.messages()).toHaveLength(ALERTS))
  const context: BrowserContext = await browser.browser.newContext({
    ...browser.wide,
    acceptDownloads: true,
    timezoneId: 'America/New_York',
  })
  return {
    service,
    browser,
    app,
    address,
    async show(path) {
      const opened = await browser.openPage(context)
      await opened.page.goto(`${address}${path}`)
      return opened
    },
    async alert(text) {
      const reply = await fetch(`${address}/api/alerts?q=${encodeURIComponent(text)}`)
      const { alerts } = (await reply.json()) as { alerts: { id: string; state: string }[] }
      return alerts[0] as { id: string; state: string }
    },
    async close() {
      await browser.close()
      await service.close()
    },
  }
}
