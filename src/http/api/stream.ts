// Owns the stream of server-sent events: that alerts changed. Whoever listens then asks for them.
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../core/clock.ts'
import type { AlertNews, AlertNewsStore } from '../../state/view-stores.ts'
import { HttpProblem } from '../problem.ts'
import { demandRole } from '../server.ts'

/** Open streams of one process. */
const STREAMS_MAX = 200
/** A comment so often keeps proxies from closing, and finds out who is gone. */
const BEAT_MS = 20_000
/** Then the browser connects anew, which asks for its session again. */
const STREAM_MS_MAX = 15 * 60_000
/** Browsers wait so long before they connect anew. */
const RETRY_MS = 2_000
/** News of so long go in one message. */
const GATHER_MS = 300
const IDS_MAX = 500

export const STREAM_PATH = '/api/stream'

export function streamPlugin(
  news: AlertNewsStore,
  clock: Clock,
): (server: FastifyInstance) => void {
  return (server) => {
    let open = 0
    server.get(STREAM_PATH, async (request, reply) => {
      demandRole(request, 'viewer')
      if (open >= STREAMS_MAX) throw new HttpProblem('unavailable', 'too many streams are open')
      open += 1
      const ending = new AbortController()
      reply.hijack()
      const { raw } = reply
      raw.on('close', () => ending.abort())
      raw.on('error', () => ending.abort())
      raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      })
      raw.write(`retry: ${RETRY_MS}\nevent: hello\ndata: {}\n\n`)
      const gathered = gather(clock, (ids) => {
        if (!raw.writableNeedDrain) raw.write(`event: alerts\ndata: ${JSON.stringify({ ids })}\n\n`)
      })
      const unsubscribe = news.subscribe(gathered)
      try {
        await beat(() => raw.write(': beat\n\n'), clock, ending.signal)
      } finally {
        open -= 1
        unsubscribe()
        raw.end()
      }
    })
  }
}

async function beat(write: () => void, clock: Clock, signal: AbortSignal): Promise<void> {
  const until = clock.now() + STREAM_MS_MAX
  while (!signal.aborted && clock.now() < until) {
    await clock.sleep(BEAT_MS, signal)
    if (!signal.aborted) write()
  }
}

/** One call for all news of a short while. */
function gather(clock: Clock, tell: (ids: readonly string[]) => void): (news: AlertNews) => void {
  let ids = new Set<string>()
  const flush = () => {
    const told = [...ids].slice(0, IDS_MAX)
    ids = new Set()
    tell(told)
  }
  return (news) => {
    const isFirst = ids.size === 0
    for (const id of news.ids) ids.add(id)
    if (isFirst) void clock.sleep(GATHER_MS).then(flush)
  }
}
