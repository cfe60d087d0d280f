// Owns telling other processes that alerts changed, over a channel of Redis: a hint for open pages.
import type { Redis } from 'ioredis'
import type { Keys } from './keys.ts'
import type { AlertActionStore, AlertStore } from './stores.ts'
import type { AlertNews, AlertNewsStore } from './view-stores.ts'

/** Ids in one message; who gets more than that looks at everything anew anyway. */
const IDS_MAX = 200

/** `listen` opens a connection of its own when somebody listens: one that subscribed can't ask. */
export function createRedisAlertNews(
  redis: Redis,
  keys: Keys,
  listen: () => Redis,
): AlertNewsStore {
  const listeners = new Set<(news: AlertNews) => void>()
  let listening: Redis | undefined

  const start = () => {
    listening ??= listen()
    listening.on('message', (_channel, text) => {
      const news = JSON.parse(text) as AlertNews
      for (const listener of listeners) listener(news)
    })
    // Away or closed: ioredis subscribes again by itself when it is back.
    listening.subscribe(keys.alertNews).catch(() => {})
  }

  return {
    publish(news) {
      const text = JSON.stringify({ ...news, ids: news.ids.slice(0, IDS_MAX) })
      redis.publish(keys.alertNews, text).catch(() => {})
    },
    subscribe(listener) {
      if (listening === undefined) start()
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** The same store, which tells of every commit that changed alerts. */
export function withNews(store: AlertStore, news: Pick<AlertNewsStore, 'publish'>): AlertStore {
  return {
    ...store,
    async commit(contract, commits) {
      const results = await store.commit(contract, commits)
      const ids = commits.flatMap(({ alerts }, index) =>
        results[index] === 'committed' ? alerts.map(({ id }) => id) : [],
      )
      if (ids.length > 0) news.publish({ contract, ids })
      return results
    },
  }
}

/** The same for what people and time do to alerts. */
export function withActionNews(
  store: AlertActionStore,
  news: Pick<AlertNewsStore, 'publish'>,
): AlertActionStore {
  return {
    ...store,
    async change(contract, change) {
      const result = await store.change(contract, change)
      if (result === 'committed') {
        const changed = [...change.alerts, ...change.trail.map(({ alertId }) => ({ id: alertId }))]
        news.publish({ contract, ids: [...new Set(changed.map(({ id }) => id))] })
      }
      return result
    },
  }
}
