// Owns a TCP proxy between two parts that can be told to misbehave: latency, cut, black hole, reset,
// half-open, slow drip. What it carries it doesn't know.
import { connect, createServer } from 'node:net'

export const LINK_FAULTS = ['latency', 'cut', 'black-hole', 'reset', 'half-open', 'drip']

/** Every piece is held back so long. */
const LATENCY_MS = 400
/** A drip: so many bytes at a time, and the wait between them. */
const DRIP_BYTES = 64
const DRIP_MS = 20

/**
 * Listens on a free port of this machine and carries to `target`: `{ port, host }` or `{ path }`.
 * `fault(kind)` begins one and `fault(undefined)` ends it.
 */
export async function openFaultProxy(target) {
  const pairs = new Set()
  let kind
  const server = createServer({ allowHalfOpen: true }, (near) => {
    if (kind === 'cut') return near.destroy()
    if (kind === 'reset') return near.resetAndDestroy()
    const far = connect({ ...target, allowHalfOpen: true })
    const pair = { near, far, isDead: false }
    pairs.add(pair)
    carry(near, far, pair)
    carry(far, near, pair)
    if (kind === 'half-open') die(pair)
    if (kind === 'black-hole') still(pair)
  })
  const carry = (from, to, pair) => {
    from.setNoDelay(true)
    // Each direction for itself: what came later must not overtake what is held back.
    let held = 0
    let last = Promise.resolve()
    from.on('data', (chunk) => {
      if (pair.isDead) return
      if (kind !== 'latency' && kind !== 'drip' && held === 0) {
        if (!to.write(chunk)) {
          from.pause()
          to.once('drain', () => kind !== 'black-hole' && from.resume())
        }
        return
      }
      held += 1
      last = last
        .then(() => slowly(to, chunk))
        .finally(() => {
          held -= 1
        })
    })
    from.on('end', () => {
      if (!pair.isDead) void last.then(() => to.end())
    })
    from.on('error', () => {})
    from.on('close', () => {
      pairs.delete(pair)
      if (!pair.isDead) void last.then(() => to.destroy())
    })
  }
  const slowly = async (to, chunk) => {
    let rest = chunk
    if (kind === 'latency') await wait(LATENCY_MS)
    const isDripping = () => kind === 'drip' && rest.length > 0 && !to.destroyed
    while (isDripping()) {
      to.write(rest.subarray(0, DRIP_BYTES))
      rest = rest.subarray(DRIP_BYTES)
      await wait(DRIP_MS)
    }
    if (!to.destroyed && rest.length > 0) to.write(rest)
  }
  /** The far side is gone, and the near side never hears of it. */
  const die = (pair) => {
    pair.isDead = true
    pair.far.destroy()
  }
  const still = ({ near, far }) => {
    near.pause()
    far.pause()
  }
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  return {
    port: server.address().port,
    fault(next) {
      const before = kind
      kind = next
      for (const pair of pairs) {
        if (before === 'black-hole') {
          pair.near.resume()
          pair.far.resume()
        }
        if (next === 'cut') pair.near.destroy()
        if (next === 'reset') pair.near.resetAndDestroy()
        if (next === 'half-open') die(pair)
        if (next === 'black-hole') still(pair)
      }
    },
    close() {
      server.close()
      for (const { near, far } of pairs) {
        near.destroy()
        far.destroy()
      }
    },
  }
}

function wait(ms) {
  return new Promise((done) => setTimeout(done, ms))
}
