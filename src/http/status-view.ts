// Owns how the API shows the state of the service: contracts, queues, receivers.
import { z } from 'zod'

export const statusShape = z.object({
  version: z.string(),
  node: z.string(),
  rules: z.object({ version: z.string(), count: z.number() }),
  contracts: z.array(
    z.object({
      contract: z.string(),
      readMark: z.string().optional().describe('Everything before it was read.'),
      evaluatedMark: z.string().optional().describe('Everything before it was evaluated.'),
      gaps: z.number().describe('Spans of the last 30 days of which something may be missing.'),
      state: z.string().optional().describe('Of its reader, where this process reads.'),
      lastError: z.string().optional(),
    }),
  ),
  canary: z
    .object({
      sentAt: z.string().optional(),
      waitingSince: z.string().optional().describe('When the earliest that is awaited was sent.'),
    })
    .describe('An entry of its own, sent through everything now and then.'),
  queues: z.array(z.object({ name: z.string(), about: z.string(), waiting: z.number() })),
  receivers: z.array(
    z.object({
      name: z.string(),
      type: z.string(),
      waiting: z.number(),
      dead: z.number().describe('Given up: `tocsin deliveries retry` sends them again.'),
      lastDelivered: z.string().optional().describe('Among the latest alerts.'),
      lastFailure: z.object({ at: z.string(), reason: z.string() }).optional(),
    }),
  ),
})

export type StatusAnswer = z.output<typeof statusShape>
