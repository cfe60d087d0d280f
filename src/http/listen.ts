// Owns where the server listens: the port that was asked for or nothing, else the first free one.
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { type HttpConfig, PORT_DEFAULT } from './http-config.ts'

/** Ports tried from PORT_DEFAULT on when nobody asked for one. */
const PORTS_TRIED_MAX = 20

/** The server can't listen where it was told to. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
  readonly remedy: string

  constructor(message: string, remedy: string, cause: unknown) {
    super(message, { cause })
    this.remedy = remedy
  }
}

/** Listens and returns the address that a browser on this machine can open. Throws ListenError. */
export async function listen(server: FastifyInstance, config: HttpConfig): Promise<string> {
  const { host, port } = config
  const tries = port === undefined ? PORTS_TRIED_MAX : 1
  for (let attempt = 0; ; attempt += 1) {
    const wanted = (port ?? PORT_DEFAULT) + attempt
    try {
      await server.listen({ host, port: wanted })
      return addressOf(server.server.address() as AddressInfo, host)
    } catch (error) {
      const isBusy = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
      if (!isBusy || attempt + 1 >= tries) throw explain(error, host, wanted)
    }
  }
}

function addressOf({ port }: AddressInfo, host: string): string {
  const isEverywhere = host === '0.0.0.0' || host === '::'
  const name = isEverywhere ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return `http://${name}:${port}`
}

function explain(error: unknown, host: string, port: number): ListenError {
  const { code } = error as NodeJS.ErrnoException
  const place = `${host} port ${port}`
  if (code === 'EADDRINUSE') {
    const remedy =
      'set PORT to another one (0 for a free one), or run without it: --only read,evaluate,notify'
    return new ListenError(`${place} is in use by another program`, remedy, error)
  }
  if (code === 'EACCES') {
    const remedy = 'ports below 1024 need rights: set PORT to another one'
    return new ListenError(`${place} may not be used`, remedy, error)
  }
  const remedy = 'set HOST to an address of this machine, such as 127.0.0.1'
  return new ListenError(`can't listen on ${place} (${code ?? 'unknown'})`, remedy, error)
}
