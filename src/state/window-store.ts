// Owns the interface of windows of events: what detections over time are derived from. Redis and memory
// implement it alike; what alerts become: stores.ts.
import type { Alert } from '../core/alert.ts'

/** A closed span of event time, ms; ends may be infinite. */
export type TimeReach = { readonly from: number; readonly to: number }

/** One event as a window keeps it. */
export type WindowMember = {
  readonly time: number
  readonly text: string
  /** Of `sessions`: the value it is a sighting of. Of `events` with `rare`: what it is, or ''. */
  readonly value?: string
  /** Of `sessions`, in answers: the time of the last sighting of the session that it begins. */
  readonly untilMs?: number
}

/**
 * What a window keeps: events by time; or sessions of each value, sightings at most `unitMs` apart;
 * or events, and how many there were in each span of `unitMs`, counted from the epoch.
 */
export type WindowShape = 'events' | 'sessions' | 'spans'

export type Withdraws = 'never' | 'behind' | 'always'

/** Members to add to one window, and what around them is asked for. */
export type WindowQuestion = {
  readonly window: string
  /** Key of the alert group its detections belong to. */
  readonly group: string
  readonly shape: WindowShape
  readonly unitMs: number
  readonly members: readonly WindowMember[]
  /** Times of the first and the last member, or of what is due. */
  readonly added: TimeReach
  readonly read: TimeReach
  readonly replace: TimeReach
  /** With fewer events (of one span, for `spans`) around there is no detection. */
  readonly needed: number
  /** `sessions`, `spans`: so long after the first event of a group there is no detection. */
  readonly sinceMs?: number
  /**
   * `events`: without so many members around that are something else than `home` there is no detection.
   * `home` is '?' where it is what the first member is. Members that are '' don't matter.
   */
  readonly rare?: { readonly needed: number; readonly home: string } | undefined
  /**
   * Whether a new member can take back what another evaluator is about to store: by lying before
   * one that is known (`behind`), or wherever it lies. That evaluator has to ask again.
   */
  readonly withdraws: Withdraws
  /** How far around detections alerts matter, ms. */
  readonly quietMs: number
  /** Members before it go, unless they are evidence; absent: none do. */
  readonly floorMs?: number | undefined
  /** `spans`: counts of spans that end before it go. */
  readonly spansFloorMs?: number | undefined
  readonly membersMax: number
  /** The window is forgotten so long after its last event. */
  readonly expirySeconds: number
  /** Look at the window again when the evaluated mark gets here. */
  readonly wakeAtMs?: number | undefined
  /** What whoever is woken must know of it, as text. */
  readonly about?: string
}

/** What was found around; undefined: there is no detection, and none was stored. */
export type WindowAnswer = {
  readonly version: number
  readonly cuts: readonly number[]
  readonly alerts: readonly Alert[]
  /** Texts of all stored detections of the alert group in these alerts and around. */
  readonly extents: readonly string[]
  /**
   * Members in `read` and in what is stored there; of `sessions` those of the values added, or all
   * when the first event is among those added; of `spans` those of the spans added.
   */
  readonly members: readonly WindowMember[]
  /** Of `sessions` and `spans`: time of the first event ever. */
  readonly first?: number | undefined
  /** Of `spans`: how many events each has, in order. */
  readonly bins?: readonly { readonly span: number; readonly count: number }[]
  /** Events were dropped for want of room. */
  readonly atLeast: boolean
}

/** A window that is to be looked at, as the mark has come so far. */
export type DueWindow = {
  readonly window: string
  readonly dueMs: number
  readonly about: string
}

/** Windows of events: what detections over time are derived from. */
export type WindowStore = {
  /** Adds and asks, for each window in one step; adding what is there changes nothing. */
  ask(
    contract: string,
    questions: readonly WindowQuestion[],
  ): Promise<readonly (WindowAnswer | undefined)[]>
  /** The time of the last event of each window, ms; undefined when it has none. */
  newest(contract: string, windows: readonly string[]): Promise<readonly (number | undefined)[]>
  /** The mark at which the first window waits to be looked at, or waited; undefined: none does. */
  nextDue(contract: string): Promise<number | undefined>
  /** Windows to be looked at when the mark is at `markMs`, the longest due first. */
  due(contract: string, markMs: number, limit: number): Promise<readonly DueWindow[]>
  /**
   * It was looked at: everything up to `uptoMs` was judged. It is due again `waitMs` after its next
   * event, unless it was made due again meanwhile for something earlier.
   */
  finishDue(
    contract: string,
    due: DueWindow & { readonly uptoMs: number; readonly waitMs: number },
  ): Promise<void>
}
