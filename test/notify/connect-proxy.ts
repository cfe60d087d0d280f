// Owns a forward proxy on loopback that tunnels every CONNECT to one port, or refuses it.
import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { listen, stop } from './listen.ts'

export type ConnectProxy = {
  /** With a login, which is a secret. */
  readonly url: string
  /** `host:port` of every CONNECT, in order. */
  readonly targets: string[]
  close(): Promise<void>
}

/** Without a port every CONNECT is answered with 502. */
export async function createConnectProxy(tunnelToPort?: number): Promise<ConnectProxy> {
  const targets: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
  })
  server.on('connect', (request, socket) => {
    targets.push(request.url ?? '')
    if (tunnelToPort === undefined) {
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
      return
    }
    const behind = connect(tunnelToPort, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      behind.pipe(socket).pipe(behind)
    })
    sockets.add(behind)
    behind.on('error', () => socket.destroy())
  })
  const port = await listen(server)
  return {
    url: `http://proxyuser:pr0xyPassw0rd@127.0.0.1:${port}`,
    targets,
    close() {
      for (const socket of sockets) socket.destroy()
      return stop(server)
    },
  }
}
