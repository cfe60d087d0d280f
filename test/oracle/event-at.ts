// Owns events for tests of detection: made of a time and a few facts, nothing is normalised.
import type { Event } from '../../src/core/event.ts'

const NOTHING: Event = {
  id: '',
  time: undefined,
  contract: '1',
  type: undefined,
  status: undefined,
  message: undefined,
  method: undefined,
  uri: undefined,
  path: undefined,
  operation: undefined,
  resource: undefined,
  resourceId: undefined,
  resources: undefined,
  resourceTypes: undefined,
  actions: undefined,
  user: undefined,
  ip: undefined,
  service: undefined,
  initiator: undefined,
  requestId: undefined,
  queueRefId: undefined,
  transactionId: undefined,
  outcome: undefined,
  errorStatus: undefined,
  errorCode: undefined,
  errorMessage: undefined,
  country: undefined,
  asn: undefined,
  asOrg: undefined,
  city: undefined,
  latitude: undefined,
  longitude: undefined,
  ipKind: undefined,
  weekday: undefined,
  hour: undefined,
  date: undefined,
  entry: undefined,
}

/** An event of contract `1`, unless the facts say otherwise. */
export function eventAt(id: string, timeMs: number, facts: Partial<Event> = {}): Event {
  return { ...NOTHING, ...facts, id, time: timeMs }
}
