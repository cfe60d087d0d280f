// Owns generated log entries for benchmarks of files: about 1.2 KB each, in the shape of the
// Activity Log, the same for a seed. Nothing is measured here.
import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { createRandom } from './rules-generator.mjs'

const SERVICES = ['PUBLIC_REST_V6', 'DCD', 'PUBLIC_REST_V5', 'IAM']
const TYPES = ['server', 'volume', 'nic', 'lan', 'nodepool', 'image', 'securitygroup']
/** What stands beside the main resource, untouched. */
const BESIDE = ['datacenter', 'location', 'cdrom', 'gpu', 'pcc']
/** Of a thousand requests so many are ones that the shipped rules look for. */
const NOTABLE = [
  ['DELETE', 'um/users/', 'user', 'sec.user.delete'],
  ['POST', 'um/users', 'user', 'sec.user.create'],
  ['DELETE', 'datacenters/', 'datacenter', 'vdc.datacenter.delete'],
  ['POST', 'snapshots', 'snapshot', 'vdc.snapshot.create'],
  ['DELETE', 'backupunits/', 'backupunit', 'backup.backupunit.delete'],
]
const NOTABLE_PER_MILLE = 20
const USERS = 800
const START_MS = Date.UTC(2026, 9, 1)
/** 30 days, so that offices open and close. */
const SPAN_MS = 30 * 86_400_000
/** The live log may give no ids; the documented sample has one. */
const UUID_SHARE = 0.7

/** `count` entries as NDJSON lines, in no order of time. */
export function* generateLines(count, seed = 5) {
  const random = createRandom(seed)
  for (let index = 0; index < count; index += 1) yield `${JSON.stringify(drawEntry(random))}\n`
}

/** Writes them to a file. */
export async function writeEntries(path, count, seed) {
  const out = createWriteStream(path)
  let text = ''
  for (const line of generateLines(count, seed)) {
    text += line
    if (text.length < 1_048_576) continue
    if (!out.write(text)) await once(out, 'drain')
    text = ''
  }
  out.end(text)
  await once(out, 'close')
}

function drawEntry(random) {
  const whole = (max) => Math.floor(random() * max)
  const hex = () =>
    whole(2 ** 32)
      .toString(16)
      .padStart(8, '0')
  const uuid = () => {
    const [a, b, c, d] = [hex(), hex(), hex(), hex()]
    return `${a}-${b.slice(0, 4)}-${b.slice(4)}-${c.slice(0, 4)}-${c.slice(4)}${d}`
  }
  const isNotable = whole(1_000) < NOTABLE_PER_MILLE
  const [method, path, type, action] = isNotable
    ? NOTABLE[whole(NOTABLE.length)]
    : ordinary(whole, uuid)
  const requestId = uuid()
  const uri = `/cloudapi/v6/${path}${path.endsWith('/') ? uuid() : ''}?depth=3&pretty=true&offset=0&limit=1000`
  const others = Array.from({ length: 3 + whole(4) }, () => {
    return { type: BESIDE[whole(BESIDE.length)], id: uuid(), action: [] }
  })
  return {
    ...(random() < UUID_SHARE ? { '@uuid': uuid() } : {}),
    meta: {
      auditVersion: 0.1,
      time: new Date(START_MS + whole(SPAN_MS)).toISOString(),
      requestId,
      queueRefId: whole(9_000_000),
      transactionId: uuid(),
    },
    principal: {
      sourceIP: `${[81, 203, 45, 10][whole(4)]}.${whole(250)}.${whole(250)}.${whole(250)}`,
      sourceService: SERVICES[whole(SERVICES.length)],
      serviceHost: `svc${whole(90)}.example.internal`,
      identity: {
        contractNumber: 31720001,
        username: `user-${whole(USERS)}@example.com`,
        role: random() < 0.1 ? 'owner' : 'user',
      },
    },
    event: {
      type: 'RequestAccepted',
      status: 'QUEUED',
      message: `Request ${requestId} was accepted and is waiting for its turn in the queue of ${type}`,
      param: { action: method, uri, initiator: 'PUBLIC_REST', sourceService: 'PUBLIC_REST' },
      resources: [{ type, id: uuid(), action: [action] }, ...others],
    },
  }
}

function ordinary(whole, uuid) {
  const type = TYPES[whole(TYPES.length)]
  const [method, verb] = [
    ['GET', 'read'],
    ['PUT', 'update'],
    ['PATCH', 'update'],
  ][whole(3)]
  return [method, `datacenters/${uuid()}/${type}s/`, type, `vdc.${type}.${verb}`]
}
