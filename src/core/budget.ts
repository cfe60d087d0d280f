// Owns which notifications a receiver's budget is about. Counting and gathering: state/.
import type { Notification } from './alert.ts'
import type { Budget } from './digest.ts'

/** How a notification is treated on its way to a receiver's queue. */
export type Passage =
  /** Always by itself: tests, changes of a state kept elsewhere, receivers without a budget. */
  | 'always'
  /** With the other reminders of the same minute. */
  | 'repeat'
  /** As long as the budget and half of it again are not used up. */
  | 'critical'
  /** As long as the budget is not used up. */
  | 'normal'

/** What a receiver wants of its messages. */
export type Appetite = {
  readonly budget: Budget | 'off'
  readonly stateful: boolean
  readonly readBy: 'people' | 'programs'
}

/** `critical` may overdraw the budget by half. */
export function criticalCount({ count }: Budget): number {
  return count + Math.floor(count / 2)
}

/** How a notification goes to a receiver. A pure question: the same answer whenever it is asked. */
export function passageOf(
  { reason, alert }: Notification,
  { budget, stateful, readBy }: Appetite,
): Passage {
  if (reason === 'test') return 'always'
  const closes = reason === 'resolved' || reason === 'acknowledged' || reason === 'withdrawn'
  if (closes && stateful) return 'always'
  if (reason === 'repeat' && readBy === 'people') return 'repeat'
  if (budget === 'off') return 'always'
  return alert.severity === 'critical' ? 'critical' : 'normal'
}
