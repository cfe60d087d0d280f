// Owns what must hold at the end of a chaos run: the alerts are those of a backtest, the ledger is
// complete, everybody was told, no key is a stray.
import { createCanaryKeys, createKeys } from '../../dist/state/keys.js'
import { takeCensus } from './key-census.mjs'

const LOG_FILE = 'log.ndjson'
/** What a backtest waits for after the last entry before it believes a silence. */
const AFTER_MS = 7_200_000

/** What a backtest of the whole log in order says, and how many different entries it has. */
export async function wantedAlerts(world) {
  const log = `${world.folder}/${LOG_FILE}`
  const iso = (ms) => new Date(ms).toISOString()
  const span = ['--from', iso(world.simulatedMs - 60_000), '--to', iso(world.endsAt)]
  await world.tocsin(['fetch', ...span, '--out', log])
  const until = iso(world.endsAt + AFTER_MS)
  const told = await world.tocsin(['backtest', '--input', log, '--to', until, '--json'])
  const { alerts, events } = JSON.parse(told)
  return { alerts: alerts.map(ofBacktest).sort(), events }
}

/** The alerts of the service, without the system's own; `all` has those too. */
export async function foundAlerts(world) {
  const list = ['alerts', 'list', '--state', 'all', '--limit', '10000', '--json']
  const { alerts, more } = JSON.parse(await world.tocsin(list))
  if (more > 0) throw new Error(`${more} alerts are not listed`)
  const own = alerts.filter(
    ({ rule, resolution }) => !rule.id.startsWith('tocsin-') && resolution !== 'superseded',
  )
  return own.map(ofService).sort()
}

function ofService({ rule, contract, group, first, last, count, severity }) {
  const values = group.map(({ name, value }) => [name, String(value)])
  const times = [first, last].map((ms) => new Date(ms).toISOString())
  return JSON.stringify([rule.id, contract, values, ...times, count, severity])
}

function ofBacktest({ rule, contract, group, first, last, count, severity }) {
  const values = Object.entries(group).map(([name, value]) => [name, String(value)])
  return JSON.stringify([rule, contract, values, first, last, count, severity])
}

/** Lines that only one side has, as often as it has them more. */
export function difference(left, right) {
  const counts = new Map()
  for (const line of right) counts.set(line, (counts.get(line) ?? 0) + 1)
  const missing = left.filter((line) => {
    const count = counts.get(line) ?? 0
    counts.set(line, count - 1)
    return count <= 0
  })
  const extra = [...counts].flatMap(([line, count]) => Array(Math.max(0, count)).fill(line))
  return { missing, extra }
}

/** What waits somewhere on its way: items of outboxes, jobs of queues, digests. */
export async function underWay(redis, contracts, receivers) {
  const keys = createKeys('tocsin')
  let count = 0
  for (const contract of [...contracts, 'system']) {
    count += await redis.xlen(keys.outbox(contract))
    count += await redis.zcard(keys.batches(contract))
  }
  for (const name of ['entries', ...receivers.map((receiver) => `deliver-${receiver}`)]) {
    const base = `${keys.queue(name)}:${name}`
    for (const list of ['wait', 'active']) count += await redis.llen(`${base}:${list}`)
    for (const set of ['delayed', 'prioritized']) count += await redis.zcard(`${base}:${set}`)
  }
  for (const receiver of receivers) {
    count += await redis.zcard(keys.digestsClosed(receiver))
    count += await redis.exists(keys.digest(receiver, 'budget').known)
  }
  return count
}

/**
 * All records of deliveries: `{ id, receiver, state, digest, tries }`; `tries` without an answer may
 * each have been a message.
 */
export async function deliveryRecords(redis) {
  // A scan may give a name twice.
  const names = new Set()
  let cursor = '0'
  do {
    const [next, some] = await redis.scan(
      cursor,
      'MATCH',
      '{tocsin:*}:deliveries:*',
      'COUNT',
      1_000,
    )
    for (const name of some) names.add(name)
    cursor = next
  } while (cursor !== '0')
  const records = []
  for (const name of names) {
    for (const [id, json] of Object.entries(await redis.hgetall(name))) {
      records.push({ id, ...JSON.parse(json) })
    }
  }
  return records
}

/** How many strays there are, in words; empty: none. */
export async function strayKeys(redis) {
  const { unknown, endless, orphans, total } = await takeCensus(redis, {
    prefix: 'tocsin',
    keys: [createCanaryKeys('tocsin'), createKeys('tocsin')],
  })
  const some = (name, list) =>
    list.length === 0 ? [] : [`${list.length} ${name}: ${list.slice(0, 3).join(' ')}`]
  return {
    total,
    strays: [
      ...some('unknown', unknown),
      ...some('without an end', endless),
      ...some('jobs in no state', orphans),
    ],
  }
}
