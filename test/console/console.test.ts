// Owns the proof of the console in a real browser, on the real service: every page and action, by
// mouse, keyboard and thumb. All tests share one service and one browser, in this order.
import { afterAll, beforeAll, describe } from 'vitest'
import { alertTests } from './alert-tests.ts'
import { findBrowser } from './browser.ts'
import { type Desk, openDesk } from './desk.ts'
import { ruleTests } from './rule-tests.ts'
import { serviceTests } from './service-tests.ts'

const found = findBrowser()

describe.skipIf(found === undefined)('the console', { timeout: 180_000 }, () => {
  let desk: Desk
  beforeAll(async () => {
    desk = await openDesk(found as string)
  }, 60_000)
  afterAll(() => desk?.close(), 60_000)

  alertTests(() => desk)
  ruleTests(() => desk)
  serviceTests(() => desk)
})
