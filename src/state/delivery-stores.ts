// Owns the interfaces of what is remembered on the way to receivers: budgets, digests, deliveries.
import type { Notification } from '../core/alert.ts'
import type { Passage } from '../core/budget.ts'
import type { Budget, DigestEntry, Notice } from '../core/digest.ts'

/** A receiver as far as its budget is concerned. */
export type ReceiverBudget = { readonly name: string; readonly budget: Budget | 'off' }

export type AdmissionRequest = { readonly passage: Passage; readonly notification: Notification }

/** Whether a notification goes to the queue by itself or is told in a digest. */
export type Admission = 'passed' | 'gathered'

/** A digest into which nothing is gathered any more; `notice` is what to send for it. */
export type ClosedDigest = {
  readonly number: string
  readonly entries: readonly DigestEntry[]
  /** The only notification itself, where there is but one. */
  readonly notice: Notice | undefined
}

/** Budgets, and what was gathered above them. Nothing leaves it before it is on a queue. */
export type DigestStore = {
  /** Decides for all at once; a notification that comes again gets the answer it got before. */
  admit(
    receiver: ReceiverBudget,
    requests: readonly AdmissionRequest[],
    at: number,
  ): Promise<readonly Admission[]>
  /** Closes the digests whose time has come. */
  closeDue(receiver: ReceiverBudget, at: number): Promise<void>
  /** Closed digests that are not on the queue yet, oldest first. */
  closed(receiver: string): Promise<readonly ClosedDigest[]>
  /** Called when the queue has it. */
  forget(receiver: string, number: string): Promise<void>
}

/** What is known of a delivery when an attempt begins. */
export type AttemptStart =
  /** Nobody accepted it so far. */
  | 'fresh'
  /** An earlier attempt ended without an answer: the other side may have it. */
  | 'possible-repeat'
  /** Delivered already: don't send. */
  | 'delivered'

export type AttemptResult = 'delivered' | 'not-accepted' | 'unknown' | 'dead'

/** The truth about what was told to whom; BullMQ forgets finished jobs. */
export type DeliveryStore = {
  begin(notice: Notice, at: number): Promise<AttemptStart>
  finish(
    notice: Notice,
    attempt: { readonly result: AttemptResult; readonly reason?: string; readonly at: number },
  ): Promise<void>
  /** Notes on their alerts that notifications are told in a digest; its id, once it has one. */
  gathered(
    receiver: string,
    entries: readonly DigestEntry[],
    at: number,
    digest?: string,
  ): Promise<void>
  /** All attempts on an alert's notifications, for its page. */
  list(contract: string, alertId: string): Promise<readonly Delivery[]>
  /** The same of a digest. */
  listDigest(receiver: string, digest: string): Promise<readonly Delivery[]>
}

/** One attempt on a notification. */
export type Attempt = {
  readonly at: number
  readonly result: AttemptResult
  /** Why it failed: the word of DeliveryFailure. */
  readonly reason?: string
}

export type Delivery = {
  readonly notificationId: string
  readonly receiver: string
  readonly reason: string
  /** `gathered`: told in a digest, whose own record says when. */
  readonly state: 'sending' | 'waiting' | 'delivered' | 'dead' | 'gathered'
  readonly digest?: string
  readonly attempts: number
  readonly firstAt: number
  readonly lastAt: number
  readonly failure?: string
  /** The latest attempts, oldest first. */
  readonly tries?: readonly Attempt[]
}
