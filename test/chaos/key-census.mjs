// Owns counting the keys of a service: each must be one that keys.ts builds, or one of BullMQ's, and
// must end by itself or be one of the few that are bounded otherwise.

/** Without an expiry, and why that is no leak. */
const ENDLESS = {
  contracts: 'one name for each contract',
  numbers: 'one number',
  digestCount: 'one number for each receiver',
}

/** What BullMQ keeps of a queue beside its jobs; their sizes are bounded by what is removed. */
const QUEUE_PARTS =
  /^(meta|id|pc|marker|wait|active|paused|delayed|prioritized|completed|failed|stalled|stalled-check|limiter|events|repeat|metrics:(completed|failed)(:data)?)$/

const PLACE = '\u0001'

/**
 * Looks at all keys of a prefix, given what createKeys and createCanaryKeys make of it: how many there
 * are of each name, `unknown` ones, `endless` ones, and jobs (`orphans`) in no state of their queue.
 */
export async function takeCensus(redis, { prefix, keys }) {
  // The longest first: one that goes on where another ends is not that other one.
  const builders = keys.flatMap(families).sort((a, b) => b.length - a.length)
  const names = await allKeys(redis, prefix)
  const ttls = await ttlsOf(redis, names)
  const queued = {}
  const census = { total: names.length, counts: {}, unknown: [], endless: [], orphans: [] }
  for (const [at, name] of names.entries()) {
    const job = jobOf(name, prefix)
    const family = job === undefined ? builders.find(({ shape }) => shape.test(name))?.name : 'jobs'
    if (family === undefined) {
      census.unknown.push(name)
      continue
    }
    census.counts[family] = (census.counts[family] ?? 0) + 1
    if (job !== undefined) {
      if (job.part === undefined && (await isOrphan(redis, name, job, queued))) {
        census.orphans.push(name)
      }
      continue
    }
    if (ENDLESS[family] === undefined && ttls[at] === -1) census.endless.push(name)
  }
  return census
}

async function allKeys(redis, prefix) {
  const names = new Set()
  let cursor = '0'
  do {
    const [next, some] = await redis.scan(cursor, 'MATCH', `*${prefix}*`, 'COUNT', 1_000)
    for (const name of some) names.add(name)
    cursor = next
  } while (cursor !== '0')
  return [...names]
}

async function ttlsOf(redis, names) {
  const commands = redis.pipeline()
  for (const name of names) commands.ttl(name)
  return ((await commands.exec()) ?? []).map(([, ttl]) => ttl)
}

/** The names of all keys that keys.ts builds. */
export function familyNames(keys) {
  return [...new Set(families(keys).map(({ name }) => name))]
}

/** Each builder of keys.ts as a regular expression of what it builds. */
function families(keys) {
  return Object.entries(keys).flatMap(([name, builder]) => {
    if (name === 'queue' || name === 'alertNews') return []
    const built = typeof builder === 'function' ? builder(PLACE, PLACE) : builder
    const texts = typeof built === 'object' ? Object.values(built) : [built]
    return texts.map((text) => ({ name, length: text.length, shape: shapeOf(text) }))
  })
}

function shapeOf(text) {
  const escaped = text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${escaped.replaceAll(PLACE, '[^{}]+?')}$`)
}

/** A key of BullMQ: its queue's base, and which part of it or which job. */
function jobOf(name, prefix) {
  const found = new RegExp(
    `^(\\{${prefix}(?::canary)?:(?:entries|deliver-[^:{}]+)\\}:(?:entries|deliver-[^:{}]+)):(.+)$`,
  ).exec(name)
  if (found === null) return undefined
  const [, base, rest] = found
  if (QUEUE_PARTS.test(rest)) return { base, part: rest }
  // A lock ends by itself; what is written on a job goes with it.
  const part = /:(lock|logs|dependencies|processed)$/.exec(rest)?.[1]
  return { base, part, id: rest }
}

/** Asked anew when it is missed: a job that moves from one state to another may be met in none. */
async function isOrphan(redis, name, { base, id }, queued) {
  queued[base] ??= await jobsIn(redis, base)
  if (queued[base].has(id)) return false
  queued[base] = await jobsIn(redis, base)
  return !queued[base].has(id) && (await redis.exists(name)) === 1
}

async function jobsIn(redis, base) {
  const sets = ['completed', 'failed', 'delayed', 'prioritized']
  const lists = ['wait', 'active', 'paused']
  const found = await Promise.all([
    ...sets.map((set) => redis.zrange(`${base}:${set}`, 0, -1)),
    ...lists.map((list) => redis.lrange(`${base}:${list}`, 0, -1)),
  ])
  return new Set(found.flat())
}
