// Owns a hand-written HTTP server that answers as a test says: for answers no honest API gives.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Server as NetServer } from 'node:net'

export type Received = { readonly url: string; readonly headers: IncomingMessage['headers'] }

export type ApiStub = {
  readonly url: string
  readonly received: readonly Received[]
  stop(): Promise<void>
}

export type Respond = (response: ServerResponse, request: Received, number: number) => void

/** `respond` is called for each request, with its number from 1. */
export async function startApiStub(respond: Respond): Promise<ApiStub> {
  const received: Received[] = []
  const server: Server = createServer((request, response) => {
    const one = { url: request.url ?? '', headers: request.headers }
    received.push(one)
    respond(response, one, received.length)
  })
  const port = await listen(server)
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    async stop() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** Listens on a free port of loopback and gives it. */
export async function listen(server: NetServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('not listening')
  return address.port
}

export function answerJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(typeof value === 'string' ? value : JSON.stringify(value))
}
