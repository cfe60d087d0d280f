// Owns serving the console's files: the same page for every address of the console, and what it
// loads. It holds no data, so that it needs no token.
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply } from 'fastify'

/** Files with a hash in their name never change. */
const ASSET_MAX_AGE_MS = 365 * 24 * 3_600_000
const PAGES = [
  '/',
  '/alerts',
  '/alerts/*',
  '/rules',
  '/rules/*',
  '/playground',
  '/silences',
  '/health',
]

export async function registerShell(
  server: FastifyInstance,
  folder: string | undefined,
): Promise<void> {
  if (folder === undefined) {
    for (const page of PAGES) server.get(page, async (_request, reply) => answerUnbuilt(reply))
    return
  }
  await server.register(fastifyStatic, {
    root: join(folder, 'assets'),
    prefix: '/assets/',
    index: false,
    immutable: true,
    maxAge: ASSET_MAX_AGE_MS,
    preCompressed: true,
    decorateReply: true,
    dotfiles: 'deny',
  })
  const sendFile = (name: string) => async (_request: unknown, reply: FastifyReply) =>
    reply
      .header('cache-control', 'no-cache')
      .sendFile(name, folder, { immutable: false, maxAge: 0, preCompressed: false } as object)
  for (const page of PAGES) server.get(page, sendFile('index.html'))
  server.get('/favicon.svg', sendFile('favicon.svg'))
}

function answerUnbuilt(reply: FastifyReply): FastifyReply {
  return reply
    .type('text/plain')
    .send('The console was not built: run `npm run build`. The API is at /api/openapi.json.\n')
}
