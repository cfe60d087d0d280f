// Owns /metrics: the registry in Prometheus' text format. What is counted: observe/metrics.ts.
import type { FastifyInstance } from 'fastify'
import type { Metrics } from '../../observe/metrics.ts'
import { demandRole } from '../server.ts'

export function metricsPlugin(metrics: Metrics): (server: FastifyInstance) => void {
  return (server) => {
    server.get('/metrics', async (request, reply) => {
      demandRole(request, 'viewer')
      return reply.type(metrics.registry.contentType).send(await metrics.text())
    })
  }
}
