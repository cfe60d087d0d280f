// Owns how the detections of one alert group become its alerts again: which alert a piece of time
// continues, which are new, merged, withdrawn. Matches without `detect`: alert-group.ts.
import type { Alert, Evidence, Field } from './alert.ts'
import {
  type AlertChange,
  type AlertSettings,
  byTimeAndId,
  dress,
  isStanding,
  keepEvidence,
  merged,
  segmentOf,
  withUnitedState,
} from './alert-group.ts'
import { fieldsOf } from './detection/card.ts'
import { type Part, uniteParts, type Union } from './detection/pieces.ts'
import type { StoredExtent } from './detection/stored-extent.ts'
import { uniteTold } from './told.ts'

/** An event of the evidence with what is known of it. */
export type ShownEvent = {
  readonly id: string
  readonly time: number
  readonly facts: ReadonlyMap<string, string>
}

/** What a rule says about its alerts, and what was read of this group. */
export type PieceSpec = AlertSettings & {
  /** A fresh alert with a number of its own. */
  readonly open: (span: { readonly first: number; readonly last: number }) => Alert
  /** Facts that all events of the group share: what an alert without evidence shows. */
  readonly groupFacts: ReadonlyMap<string, string>
  readonly fields: readonly string[]
  readonly names: readonly string[]
  /** Evidence of the windows that were derived again, in any order. */
  readonly evidence: readonly ShownEvent[]
  /** Whether an event was read: it is evidence only when it is in the list. */
  readonly wasRead: (id: string) => boolean
  /** A window had no room for all events. */
  readonly atLeast: boolean
}

type ExtentPart = Part & StoredExtent

/** What one alert covers. */
type Piece = {
  readonly first: number
  readonly last: number
  readonly count: number
  readonly continues?: number
}

/**
 * What becomes of the alerts near, when these are all detections in and around them. Pieces that
 * unite keep the lowest number, a piece split off gets a new one, and what has no detection any more
 * is superseded. Alerts that stay as they are, are not in the list.
 */
export function applyPieces(
  near: readonly Alert[],
  extents: readonly StoredExtent[],
  spec: PieceSpec,
): readonly AlertChange[] {
  const pieces = piecesOf(extents, spec)
  const standing = near.filter(isStanding).sort((a, b) => a.number - b.number)
  const owners = assign(standing, pieces, spec)
  const taken = new Set(owners.values())
  const changes: AlertChange[] = pieces.map((piece) => {
    const related = standing.filter((alert) => isRelated(alert, piece, spec))
    const owner = owners.get(piece)
    // An alert that goes on with another piece gives nothing to this one but what people know.
    const joined = related.filter((alert) => alert === owner || !taken.has(alert))
    return becomes(piece, { owner, related, joined }, { ...spec, standing })
  })
  for (const alert of standing) {
    if (taken.has(alert)) continue
    const isJoined = pieces.some((piece) => isRelated(alert, piece, spec))
    changes.push({ before: alert, after: isJoined ? merged(alert) : superseded(alert) })
  }
  return changes.filter(({ before, after }) => !isSame(before, after))
}

function piecesOf(extents: readonly StoredExtent[], spec: PieceSpec): readonly Piece[] {
  const parts = extents.flatMap((extent) => clip(extent, spec.cuts))
  return uniteParts(parts, spec.quietMs, spec.cuts).map(pieceOf)
}

/**
 * Extents of covers are stored as cuts left them. Only a pair of `travel` reaches over a cut as a
 * whole; its two names are those of the events at its ends.
 */
function clip(extent: StoredExtent, cuts: readonly number[]): readonly ExtentPart[] {
  const { first, last, names } = extent
  const cut = cuts.find((one) => one >= first && one < last)
  const isPair = extent.count === 0 && names?.length === 2 && cut !== undefined
  if (!isPair) {
    const before = cuts.find((one) => one === first - 1)
    return [before === undefined ? extent : { ...extent, clippedAt: before }]
  }
  const [one = '', other = ''] = names
  const latest = cuts.findLast((time) => time >= first && time < last) ?? cut
  return [
    { ...extent, last: cut, names: [one] },
    { ...extent, first: latest + 1, begins: last, names: [other], clippedAt: latest },
  ]
}

function pieceOf({ parts, last, continues }: Union<ExtentPart>): Piece {
  const names = new Set<string>()
  let count = 0
  let first = Infinity
  for (const part of parts) {
    first = Math.min(first, part.begins ?? part.first)
    count += part.count
    for (const name of part.names ?? []) names.add(name)
  }
  return { first, last, count: count + names.size, ...(continues !== undefined && { continues }) }
}

/** Each alert goes on with one piece at most, the lowest number first; rather with what it overlaps. */
function assign(
  standing: readonly Alert[],
  pieces: readonly Piece[],
  spec: PieceSpec,
): ReadonlyMap<Piece, Alert> {
  const owners = new Map<Piece, Alert>()
  for (const alert of standing) {
    const free = pieces.filter((piece) => !owners.has(piece) && isRelated(alert, piece, spec))
    const found = free.find((piece) => isOverlapping(alert, piece)) ?? free[0]
    if (found !== undefined) owners.set(found, alert)
  }
  return owners
}

function isOverlapping(alert: Alert, piece: Piece): boolean {
  return piece.first <= alert.last && piece.last >= alert.first
}

function isRelated(alert: Alert, piece: Piece, { quietMs, cuts }: PieceSpec): boolean {
  if (piece.first - alert.last > quietMs || alert.first - piece.last > quietMs) return false
  return segmentOf(cuts, alert.last) === segmentOf(cuts, piece.last)
}

type Relations = {
  readonly owner: Alert | undefined
  readonly related: readonly Alert[]
  readonly joined: readonly Alert[]
}

function becomes(
  piece: Piece,
  { owner, related, joined }: Relations,
  spec: PieceSpec & { readonly standing: readonly Alert[] },
): AlertChange {
  const [source] = related
  const opened = owner ?? openFor(piece, source, spec)
  const shown = shownIn(piece, related, spec)
  const isGrown =
    owner === undefined ||
    joined.length > 1 ||
    owner.count !== piece.count ||
    owner.first !== piece.first ||
    owner.last !== piece.last
  const told = joined.reduce((all, alert) => uniteTold(all, alert.told), opened.told)
  const whole: Alert = {
    ...(owner !== undefined && isGrown ? withUnitedState(opened, joined) : opened),
    first: piece.first,
    last: piece.last,
    count: piece.count,
    ...(spec.atLeast && { atLeast: true }),
    ...(told !== undefined && { told }),
    ...shown,
  }
  const after = dress(whole, spec)
  return { before: owner, after, ...(owner === undefined && source && { isSplit: true }) }
}

function openFor(
  piece: Piece,
  source: Alert | undefined,
  spec: PieceSpec & { readonly standing: readonly Alert[] },
): Alert {
  const opened = spec.open(piece)
  if (source !== undefined) {
    // What was a part of an alert shares what people did about that.
    const { why: _, ...rest } = source
    return { ...rest, id: opened.id, number: opened.number }
  }
  const { continues: cut } = piece
  if (cut === undefined) return opened
  const before = spec.standing.filter(({ last }) => last <= cut).sort((a, b) => b.last - a.last)[0]
  return before === undefined ? opened : { ...opened, continues: before.id }
}

/** Evidence and what the earliest of it tells. */
function shownIn(
  piece: Piece,
  related: readonly Alert[],
  spec: PieceSpec,
): Pick<Alert, 'evidence' | 'values' | 'fields'> {
  const isIn = ({ time }: { readonly time: number }) => time >= piece.first && time <= piece.last
  const fresh = spec.evidence.filter(isIn)
  const kept = related
    .flatMap(({ evidence }) => evidence)
    .filter((one) => isIn(one) && !spec.wasRead(one.id))
  const all = new Map<string, Evidence>()
  for (const one of kept) all.set(one.id, one)
  for (const { id, time, facts } of ends(fresh)) {
    all.set(id, { id, time, fields: fieldsOf(facts, spec.fields) })
  }
  const evidence = keepEvidence([...all.values()])
  const [earliest] = evidence
  const head = related.find((alert) => alert.evidence[0]?.id === earliest?.id)
  const found = fresh.find(({ id }) => id === earliest?.id)
  if (found === undefined && head !== undefined && earliest !== undefined) {
    return { evidence, values: head.values, fields: head.fields }
  }
  const facts = found?.facts ?? withFields(spec.groupFacts, earliest?.fields ?? [])
  const values = Object.fromEntries(spec.names.map((name) => [name, facts.get(name) ?? 'unknown']))
  return { evidence, values, fields: fieldsOf(facts, spec.fields) }
}

/** Enough of a long list for what is kept of it. */
function ends(events: readonly ShownEvent[]): readonly ShownEvent[] {
  const sorted = [...events].sort(byTimeAndId)
  return sorted.length <= 40 ? sorted : [...sorted.slice(0, 20), ...sorted.slice(-20)]
}

function withFields(
  facts: ReadonlyMap<string, string>,
  fields: readonly Field[],
): ReadonlyMap<string, string> {
  return new Map([...facts, ...fields.map(({ name, value }) => [name, value] as const)])
}

function superseded(alert: Alert): Alert {
  return { ...alert, state: 'resolved', resolution: 'superseded' }
}

function isSame(before: Alert | undefined, after: Alert): boolean {
  return before !== undefined && JSON.stringify(before) === JSON.stringify(after)
}
