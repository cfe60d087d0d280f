// Owns what facts are called in messages; their meaning is in core/event.ts.
import { oneLine } from './escape.ts'

const LABELS: ReadonlyMap<string, string> = new Map([
  ['user', 'User'],
  ['ip', 'IP address'],
  ['country', 'Country'],
  ['city', 'City'],
  ['asn', 'Network'],
  ['asOrg', 'Network owner'],
  ['operation', 'Operation'],
  ['resource', 'Resource'],
  ['resourceId', 'Resource id'],
  ['contract', 'Contract'],
  ['service', 'Service'],
  ['method', 'Method'],
  ['path', 'Path'],
  ['uri', 'URI'],
  ['outcome', 'Outcome'],
  ['status', 'Status'],
  ['type', 'Type'],
  ['actions', 'Actions'],
  ['requestId', 'Request id'],
  ['errorStatus', 'Error status'],
  ['errorCode', 'Error code'],
  ['errorMessage', 'Error message'],
])

const LABEL_LENGTH_MAX = 60

/** `IP address` for `ip`; a name that has no words of its own (`entry.event.x`) stays as it is. */
export function factLabel(name: string): string {
  return LABELS.get(name) ?? (oneLine(name, LABEL_LENGTH_MAX) || 'Field')
}
