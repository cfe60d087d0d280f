// Owns letting a test server listen on loopback, on a port that the system picks.
import { createServer, type Server } from 'node:net'

/** The port it listens on. */
export async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening on a port')
  return address.port
}

export function stop(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}

/** A port on loopback where nobody listens: it was free a moment ago. */
export async function unusedPort(): Promise<number> {
  const server = createServer()
  const port = await listen(server)
  await stop(server)
  return port
}
