// Owns the tests of who hears that a receiver fails: all others of the route.
import { expect, it } from 'vitest'
import type { Branch } from '../../src/core/route.ts'
import { routeAroundFailing } from '../../src/core/route-failing.ts'
import { alertOf } from '../notify/notifications.ts'

const BRANCH: Branch = {
  path: '',
  receivers: ['slack', 'mail'],
  escalate: [{ afterMs: 1_000, receivers: ['slack', 'phone'] }],
  mute: [],
}
const router = routeAroundFailing(() => [BRANCH])
const about = (id: string, receiver: string) =>
  alertOf({ rule: { ...alertOf().rule, id }, group: [{ name: 'receiver', value: receiver }] })

it('leaves the failing receiver out, in escalations, too', () => {
  expect(router(about('tocsin-delivery-failed', 'slack'))).toEqual([
    { ...BRANCH, receivers: ['mail'], escalate: [{ afterMs: 1_000, receivers: ['phone'] }] },
  ])
})

it('changes nothing for others, whatever they call a receiver', () => {
  expect(router(about('tocsin-blind', 'slack'))).toEqual([BRANCH])
  expect(router(about('tocsin-delivery-failed', 'pager'))).toEqual([BRANCH])
})
