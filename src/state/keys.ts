// Owns every Redis key: its name, its owner, its expiry. Keys of one contract share a hash tag,
// so that one transition lies in one cluster slot.

const HOUR_SECONDS = 3_600
const DAY_SECONDS = 24 * HOUR_SECONDS

/** How long what is kept lives without being touched, in seconds. */
export const EXPIRY_SECONDS = {
  /** Read marks outlive any holiday of the service. */
  reads: 400 * DAY_SECONDS,
  /** Ids seen, counted from the hour of the event. */
  seen: 49 * HOUR_SECONDS,
  /** Alerts and what was told about them: `retention.alerts`. */
  alerts: 90 * DAY_SECONDS,
  /** Event ids counted in a group: any redelivery within `lateness` finds itself. */
  members: 3 * DAY_SECONDS,
  deadLetters: 90 * DAY_SECONDS,
  outbox: 90 * DAY_SECONDS,
  /** Audit trails outlive their alerts: somebody asks later. */
  trail: 400 * DAY_SECONDS,
  silences: 400 * DAY_SECONDS,
  /** What rules did, by hour: "7 d" can be asked for. */
  ruleStats: 8 * DAY_SECONDS,
  /** Events to look at; `retention.events` may be less. */
  events: 30 * DAY_SECONDS,
  /** Sessions and first events: what `history` may look back at, and no longer. */
  windowMemory: 400 * DAY_SECONDS,
  /** A mark that stands still so long is no mark. */
  timers: 400 * DAY_SECONDS,
  /** The canary is sent many times a day, or never. */
  canary: 30 * DAY_SECONDS,
  /** Since when rules are staged: touched every minute. */
  staged: 90 * DAY_SECONDS,
} as const

/** A receiver's name where keys of a contract have its number. */
const scopeOf = (receiver: string): string => `deliver-${receiver}`

export type Keys = ReturnType<typeof createKeys>

/** Builders for all keys below a prefix. Contract and group key must hold no braces. */
export function createKeys(prefix: string) {
  const of = (contract: string, rest: string) => `{${prefix}:${contract}}:${rest}`
  return {
    contracts: `${prefix}:contracts`,
    numbers: `${prefix}:numbers`,
    /** Hash: what each rule did in an hour, by the name of the number and the rule; one slot. */
    ruleStats: (hour: number) => `{${prefix}:rule-stats}:${hour}`,
    /** Set: contracts that were ever read. */
    readContracts: `${prefix}:read-contracts`,
    mark: (contract: string) => of(contract, 'mark'),
    readBegin: (contract: string) => of(contract, 'read-begin'),
    liveFrom: (contract: string) => of(contract, 'live-from'),
    historyTold: (contract: string) => of(contract, 'history-told'),
    unproven: (contract: string) => of(contract, 'unproven'),
    /** Who reads it: the fence of the lease, gone when that runs out. */
    readLease: (contract: string) => of(contract, 'read-lease'),
    /** The highest fence that was given. */
    fence: (contract: string) => of(contract, 'fence'),
    /** Sorted set: batches announced and not finished, by the time the mark may not pass. */
    batches: (contract: string) => of(contract, 'batches'),
    /** Hash: what a batch is counted for, by its id. */
    batchCounts: (contract: string) => of(contract, 'batch-counts'),
    /** Sorted set: spans given up, poisoned or lost, `from-to` by from. */
    gaps: (contract: string) => of(contract, 'gaps'),
    /** Hash: why and since when of each gap, unproven ones too. */
    gapNotes: (contract: string) => of(contract, 'gap-notes'),
    /** List: the gaps closed last. */
    closedGaps: (contract: string) => of(contract, 'closed-gaps'),
    /** List: the windows read last. */
    windows: (contract: string) => of(contract, 'windows'),
    /** Hash: the sums of one hour of event time, `hour` counted since 1970. */
    ledger: (contract: string, hour: number) => of(contract, `ledger:${hour}`),
    /** Sorted set: ids of entries that no attempt could evaluate, by event time. */
    poisoned: (contract: string) => of(contract, 'poisoned'),
    seen: (contract: string, hour: number) => of(contract, `seen:${hour}`),
    deadLetters: (contract: string) => of(contract, 'dead-letters'),
    deadLetterCount: (contract: string) => of(contract, 'dead-letter-count'),
    /** Hash: `version`, and an alert's JSON by its id. */
    group: (contract: string, group: string) => of(contract, `group:${group}`),
    /** Sorted set: ids of counted events by event time. */
    members: (contract: string, group: string) => of(contract, `group:${group}:members`),
    /** Sorted set: alert ids by last event. */
    spans: (contract: string, group: string) => of(contract, `group:${group}:spans`),
    /** Sorted set: stored detections of all windows of the group by last event. */
    extents: (contract: string, group: string) => of(contract, `group:${group}:extents`),
    /** Hash: `first`, `newest`, `full`, `about`, `home`; sessions by value, counts by span. */
    window: (contract: string, window: string) => of(contract, `window:${window}`),
    /** Sorted set: the events a window remembers by event time. */
    windowMembers: (contract: string, window: string) => of(contract, `window:${window}:members`),
    /** Sorted set: those that are something else than the window's `home`, by event time. */
    windowRare: (contract: string, window: string) => of(contract, `window:${window}:rare`),
    /** Sorted set: windows by the mark at which they are to be looked at. */
    timers: (contract: string) => of(contract, 'timers'),
    /** Sorted set: all alerts of the contract, `group/id` by last event. */
    alerts: (contract: string) => of(contract, 'alerts'),
    /** Sorted set: alerts not resolved, `group/id` by when they want to be looked at. */
    open: (contract: string) => of(contract, 'open'),
    /** List: what was done to an alert, oldest first. */
    trail: (contract: string, alertId: string) => of(contract, `trail:${alertId}`),
    /** Hash: silences by id; the other keys of silences lie in the same slot. */
    silences: `{${prefix}:silences}:all`,
    silenceEnds: `{${prefix}:silences}:ends`,
    silenceVersion: `{${prefix}:silences}:version`,
    silenceEndsHandled: `{${prefix}:silences}:ends-handled`,
    /** Hash: when the last canary was sent, and since when one is waited for. */
    canary: `{${prefix}:canary}:state`,
    /** Hash: since when each staged rule is staged, and of which week rule health was told. */
    staged: `{${prefix}:staged}:rules`,
    lease: (name: string) => `{${prefix}:lease}:${name}`,
    /** Stream of notifications to put on the receivers' queues. */
    outbox: (contract: string) => of(contract, 'outbox'),
    /** Hash: delivery record by notification id. A digest's is kept with its receiver. */
    deliveries: (contract: string, alertId: string) => of(contract, `deliveries:${alertId}`),
    digestDeliveries: (receiver: string, digest: string) =>
      of(scopeOf(receiver), `deliveries:${digest}`),
    /** Sorted sets: ids of notifications that went to the queue one by one, or into a digest. */
    budgetPassed: (receiver: string) => of(scopeOf(receiver), 'budget:passed'),
    budgetGathered: (receiver: string) => of(scopeOf(receiver), 'budget:gathered'),
    /** When the last digest of a storm was closed, ms. */
    digestClosedAt: (receiver: string) => of(scopeOf(receiver), 'digest-closed-at'),
    /** Sorted set: numbers of closed digests that are not on the queue yet. */
    digestsClosed: (receiver: string) => of(scopeOf(receiver), 'digests-closed'),
    /** The number of the latest digest; it never expires, a number must not come again. */
    digestCount: (receiver: string) => of(scopeOf(receiver), 'digest-count'),
    /** Hashes: a digest, and its entries by notification id. `budget` and `repeat` are open ones. */
    digest: (receiver: string, digest: string) => ({
      known: of(scopeOf(receiver), `digest:${digest}`),
      entries: of(scopeOf(receiver), `digest:${digest}:entries`),
    }),
    /** The first notification of a digest, whole: it may stay the only one. */
    digestFirst: (receiver: string, notification: string) =>
      of(scopeOf(receiver), `digest-first:${notification}`),
    /** What a receiver remembers, such as where its message about an alert is. */
    receiverMemory: (receiver: string, key: string) => of(scopeOf(receiver), `memory:${key}`),
    /** Sorted sets: ids of kept events by their time; and a hash of their JSON by id. */
    eventsMatched: (contract: string) => of(contract, 'events-matched'),
    eventsSampled: (contract: string) => of(contract, 'events-sampled'),
    eventTexts: (contract: string) => of(contract, 'event-texts'),
    /** Channel on which changes of alerts are told. */
    alertNews: `${prefix}:alert-news`,
    /** BullMQ's prefix for a queue; its own keys follow it. */
    queue: (name: string) => `{${prefix}:${name}}`,
  }
}

/** Where all that becomes of canaries is kept: apart from what becomes of entries. */
export function createCanaryKeys(prefix: string): Keys {
  return createKeys(`${prefix}:canary`)
}
