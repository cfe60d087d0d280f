// Owns asking a Redis on a unix socket whether it answers. No dependencies: set-up runs it first.
import { connect } from 'node:net'

/** A reply longer than this is not the answer to a PING. */
const REPLY_BYTES_MAX = 4096

/**
 * Sends PING. Resolves with the reply's text: `PONG`, or what Redis refuses with (`LOADING …`).
 * Rejects when nobody answers within `timeoutMs`.
 */
export function pingRedis(socketPath, timeoutMs) {
  return new Promise((resolve, reject) => {
    const socket = connect({ path: socketPath })
    const timer = setTimeout(() => {
      end(() => reject(new Error(`no answer to PING within ${timeoutMs} ms`)))
    }, timeoutMs)
    let reply = ''
    const end = (settle) => {
      clearTimeout(timer)
      socket.destroy()
      settle()
    }
    socket.setEncoding('utf8')
    socket.once('connect', () => socket.write('PING\r\n'))
    socket.once('error', (error) => end(() => reject(error)))
    socket.once('close', () => end(() => reject(new Error('the connection was closed'))))
    socket.on('data', (text) => {
      reply += text
      const lineEnd = reply.indexOf('\r\n')
      if (lineEnd >= 0) end(() => resolve(reply.slice(1, lineEnd)))
      else if (reply.length > REPLY_BYTES_MAX) end(() => reject(new Error('not a Redis')))
    })
  })
}
