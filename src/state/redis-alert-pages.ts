// Owns reading alerts from Redis in the order of their last event, a page at a time. It writes
// nothing; the alerts themselves are redis-alerts.ts'.
import type { Redis } from 'ioredis'
import type { Alert } from '../core/alert.ts'
import type { Keys } from './keys.ts'
import type { AlertPageStore, AlertPlaceInTime } from './view-stores.ts'

/** Alerts of one moment that are looked through for where a page goes on. */
const SAME_MOMENT_MAX = 10_000

export function createRedisAlertPages(redis: Redis, keys: Keys): AlertPageStore {
  const places = async (
    contract: string,
    { from, to, offset, limit }: { from: number; to: number; offset: number; limit: number },
  ): Promise<AlertPlaceInTime[]> => {
    const key = keys.alerts(contract)
    const args = [key, to, from, 'WITHSCORES', 'LIMIT', offset, limit] as const
    const flat = await redis.zrevrangebyscore(...args)
    const found: AlertPlaceInTime[] = []
    for (let at = 0; at < flat.length; at += 2) {
      found.push({ place: flat[at] as string, last: Number(flat[at + 1]) })
    }
    return found
  }

  return {
    async page(contract, { from, to, after, limit }) {
      const top = after === undefined ? to : Math.min(to, after.last)
      let offset = 0
      let found: AlertPlaceInTime[] = []
      for (;;) {
        const some = await places(contract, { from, to: top, offset, limit })
        found.push(...some.filter((one) => comesAfter(one, after)))
        offset += limit
        if (some.length < limit || found.length >= limit || offset > SAME_MOMENT_MAX) break
      }
      found = found.slice(0, limit)
      const alerts = await readAlerts(redis, keys, contract, found)
      return found.flatMap((place, index) => {
        const alert = alerts[index]
        return alert === undefined ? [] : [{ ...place, alert }]
      })
    },
  }
}

function comesAfter(one: AlertPlaceInTime, after: AlertPlaceInTime | undefined): boolean {
  if (after === undefined) return true
  return one.last === after.last ? one.place < after.place : one.last < after.last
}

async function readAlerts(
  redis: Redis,
  keys: Keys,
  contract: string,
  places: readonly AlertPlaceInTime[],
): Promise<readonly (Alert | undefined)[]> {
  if (places.length === 0) return []
  const commands = redis.pipeline()
  for (const { place } of places) {
    const [group = '', id = ''] = place.split('/')
    commands.hget(keys.group(contract, group), id)
  }
  const answers = (await commands.exec()) ?? []
  return answers.map(([error, json]) => {
    if (error) throw error
    return typeof json === 'string' ? (JSON.parse(json) as Alert) : undefined
  })
}
