// Owns generated rules and events for benchmarks: the mixture of a grown rule set, the same for a
// seed. Nothing is measured here.

/** A stream of numbers in [0, 1): mulberry32, so that a run can be repeated. */
export function createRandom(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const OPERATIONS = [
  ['read', 50],
  ['create', 16],
  ['update', 13],
  ['delete', 8],
  ['start', 4],
  ['stop', 4],
  ['reboot', 2],
  ['attach', 1],
  ['detach', 1],
  ['enable', 0.5],
  ['disable', 0.5],
]
const RESOURCES = [
  'server',
  'volume',
  'nic',
  'lan',
  'datacenter',
  'snapshot',
  'image',
  'ipblock',
  'user',
  'group',
  's3key',
  'token',
  'firewallrule',
  'loadbalancer',
  'natgateway',
  'k8scluster',
  'k8snodepool',
  'backupunit',
  'contract',
  'label',
  'share',
  'template',
  'flowlog',
  'targetgroup',
  'certificate',
]
const SERVICES = ['PUBLIC_REST_V6', 'DCD', 'PUBLIC_REST_V5', 'Reseller_V1', 'IAM']
const COUNTRIES = [
  ['DE', 70],
  ['FR', 6],
  ['US', 6],
  ['GB', 4],
  ['NL', 3],
  ['PL', 2],
  ...'AT CH ES IT SE NO DK FI CZ RO BG UA RU CN IN BR VN TR IR KP NG ZA JP KR SG AU'
    .split(' ')
    .map((country) => [country, 0.35]),
]
const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const TYPES = ['RequestAccepted', 'RequestStatusUpdate', 'Provision', 'Error']
const METHODS = {
  read: 'GET',
  create: 'POST',
  update: 'PUT',
  delete: 'DELETE',
}
const CODES = ['VDC-5-100', 'VDC-7-2', 'AUTH-1', 'AUTH-2', 'QUOTA-3', 'LOCK-9']
const USERS = 800
const ADDRESSES = 3_000

export const LISTS = {
  'automation-users': {
    kind: 'values',
    items: Array.from({ length: 40 }, (_, i) => userName(i * 17)),
  },
  admins: { kind: 'values', items: Array.from({ length: 15 }, (_, i) => userName(i * 31 + 3)) },
  offices: { kind: 'cidr', items: ['203.0.113.0/24', '198.51.100.0/25', '2001:db8:1::/48'] },
  'bad-networks': {
    kind: 'cidr',
    items: Array.from({ length: 2_000 }, (_, i) => `45.${i % 250}.${(i * 7) % 250}.0/24`),
  },
}

function userName(index) {
  const kinds = ['svc-deploy', 'svc-backup', 'admin', 'alice', 'bob', 'carol', 'dev', 'ops']
  const domain = index % 9 === 0 ? 'partner.example.net' : 'example.com'
  return `${kinds[index % kinds.length]}-${index}@${domain}`
}

function hex(random, length) {
  return Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join('')
}

function uuid(random) {
  return [8, 4, 4, 4, 12].map((length) => hex(random, length)).join('-')
}

function createPick(random) {
  return {
    one: (values) => values[Math.floor(random() * values.length)],
    /** Of [value, weight] pairs. */
    weighted(pairs) {
      let rest = random() * pairs.reduce((sum, [, weight]) => sum + weight, 0)
      for (const [value, weight] of pairs) {
        rest -= weight
        if (rest < 0) return value
      }
      return pairs[0][0]
    },
    /** Low indexes far more often than high ones. */
    skewed: (count) => Math.floor(random() ** 2.5 * count),
    chance: (share) => random() < share,
    whole: (from, to) => from + Math.floor(random() * (to - from + 1)),
  }
}

/** Normalised events, all of one shape, with strings as fresh as a parser makes them. */
export function generateEvents(count, seed = 7) {
  const random = createRandom(seed)
  return Array.from({ length: count }, (_, index) => toEvent(drawEvent(random, index)))
}

function drawEvent(random, index) {
  const pick = createPick(random)
  const operation = pick.weighted(OPERATIONS)
  const resource = RESOURCES[pick.skewed(RESOURCES.length)]
  const user = userName(pick.skewed(USERS))
  const address = pick.skewed(ADDRESSES)
  const failed = pick.chance(0.05)
  const resourceId = uuid(random)
  const path = pathOf(resource, [uuid(random), resourceId])
  const hour = pick.whole(0, 23)
  return {
    id: uuid(random),
    time: 1_795_000_000_000 + index * 700,
    contract: pick.one(['31812345', '31812346']),
    type: failed ? 'Error' : TYPES[pick.skewed(3)],
    status: failed ? 'FAILED' : pick.one(['QUEUED', 'RUNNING', 'DONE']),
    method: METHODS[operation] ?? 'POST',
    uri: `https://api.ionos.com${path}?depth=1`,
    path,
    operation,
    resource,
    resourceId,
    resources: [{ type: resource, id: resourceId, actions: [`compute.${resource}.${operation}`] }],
    resourceTypes: pick.chance(0.2) ? [resource, 'datacenter'] : [resource],
    actions: [`compute.${resource}.${operation}`],
    user,
    ip:
      address % 20 === 0
        ? `2001:db8:${address}::5`
        : `${[81, 203, 45, 10, 198][address % 5]}.${address % 250}.${(address * 7) % 250}.${address % 255}`,
    service: SERVICES[pick.skewed(SERVICES.length)],
    initiator: 'api',
    requestId: uuid(random),
    outcome: failed ? 'failed' : pick.one(['accepted', 'pending', 'succeeded']),
    errorStatus: failed ? pick.one([400, 401, 403, 404, 409, 422, 500, 503]) : undefined,
    errorCode: failed ? pick.one(CODES) : undefined,
    errorMessage: failed ? `the ${resource} could not be changed: locked by a request` : undefined,
    country: pick.weighted(COUNTRIES),
    asn: 1_000 + pick.skewed(900),
    asOrg: `Network ${pick.skewed(200)}`,
    ipKind: address % 5 === 3 ? 'private' : 'public',
    weekday: WEEKDAYS[pick.whole(0, 6)],
    hour,
    date: `2026-11-${String(pick.whole(1, 28)).padStart(2, '0')}`,
    entry: {
      meta: { time: 1_795_000_000_000, requestId: uuid(random) },
      event: { type: 'x', param: { uri: path, region: pick.one(['de/fra', 'de/txl', 'us/las']) } },
      principal: {
        identity: {
          username: user,
          role: pick.weighted([
            ['user', 9],
            ['owner', 1],
          ]),
        },
      },
    },
  }
}

/** Where the API has a resource: servers in a data centre, users in the user management, … */
function pathOf(resource, [parentId, id]) {
  if (/^(user|group|s3key|token|share|contract)$/.test(resource))
    return `/cloudapi/v6/um/${resource}s/${id}`
  if (resource.startsWith('k8s')) return `/cloudapi/v6/k8s/${parentId}/${resource}s/${id}`
  if (/^(snapshot|image|ipblock|label|template)$/.test(resource))
    return `/cloudapi/v6/${resource}s/${id}`
  return `/cloudapi/v6/datacenters/${parentId}/${resource}s/${id}`
}

/** Through JSON, so that no string is one a rule holds; then every key in the order of events. */
function toEvent(drawn) {
  const { id, time, contract, type, status, message, method, uri, path, ...a } = JSON.parse(
    JSON.stringify(drawn),
  )
  return {
    id,
    time,
    contract,
    type,
    status,
    message,
    method,
    uri,
    path,
    operation: a.operation,
    resource: a.resource,
    resourceId: a.resourceId,
    resources: a.resources,
    resourceTypes: a.resourceTypes,
    actions: a.actions,
    user: a.user,
    ip: a.ip,
    service: a.service,
    initiator: a.initiator,
    requestId: a.requestId,
    queueRefId: a.queueRefId,
    transactionId: a.transactionId,
    outcome: a.outcome,
    errorStatus: a.errorStatus,
    errorCode: a.errorCode,
    errorMessage: a.errorMessage,
    country: a.country,
    asn: a.asn,
    asOrg: a.asOrg,
    city: a.city,
    latitude: a.latitude,
    longitude: a.longitude,
    ipKind: a.ipKind,
    weekday: a.weekday,
    hour: a.hour,
    date: a.date,
    entry: a.entry,
  }
}

const leaf = (fact, operator, value, path) =>
  path === undefined ? { fact, operator, value } : { fact, path, operator, value }

const BRANCHES = ['um/users', 'um/tokens', 'um/groups', 'ipblocks', 'images', 'snapshots', 'labels']

/** Conditions on what is done; most rules have one, and the index lives on them. */
const WHAT = [
  (pick) => leaf('operation', 'equal', pick.one(OPERATIONS.slice(1))[0]),
  (pick) =>
    leaf('operation', 'in', [pick.one(OPERATIONS.slice(2))[0], pick.one(OPERATIONS.slice(2))[0]]),
  (pick) =>
    leaf('actions', 'contains', `compute.${pick.one(RESOURCES)}.${pick.one(OPERATIONS)[0]}`),
  (pick) => leaf('resourceTypes', 'someFact:equal', pick.one(RESOURCES)),
  (pick) => leaf('path', 'startsWith', `/cloudapi/v6/${pick.one(BRANCHES)}`),
  (pick) => leaf('errorCode', 'equal', pick.one(CODES)),
  (pick) => leaf('path', 'glob', `/cloudapi/v6/datacenters/*/${pick.one(RESOURCES.slice(5))}s/**`),
]
/** Conditions on the thing and the person. */
const WHOM = [
  (pick) => leaf('resource', 'equal', pick.one(RESOURCES.slice(5))),
  (pick) => leaf('resource', 'in', [pick.one(RESOURCES.slice(3)), pick.one(RESOURCES.slice(8))]),
  (pick) => leaf('user', 'equal', userName(pick.whole(0, USERS - 1))),
  (pick) => leaf('user', 'lower:equal', userName(pick.whole(0, USERS - 1))),
  () => leaf('user', 'inList', 'admins'),
  (pick) =>
    leaf('country', 'in', [pick.one(COUNTRIES.slice(6))[0], pick.one(COUNTRIES.slice(6))[0]]),
  (pick) =>
    leaf('user', 'startsWith', pick.one(['svc-deploy-1', 'admin-2', 'svc-backup-4', 'ops-3'])),
]
/** Further conditions, all operators among them. */
const FURTHER = [
  () => leaf('outcome', 'notEqual', 'failed'),
  () => leaf('user', 'not:inList', 'automation-users'),
  () => leaf('ip', 'not:inList', 'offices'),
  () => leaf('ip', 'inList', 'bad-networks'),
  (pick) => leaf('ip', 'inCidr', [`45.${pick.whole(0, 250)}.0.0/16`, '10.0.0.0/8']),
  (pick) => leaf('hour', pick.one(['lessThan', 'greaterThanInclusive']), pick.one([6, 7, 18, 20])),
  (pick) =>
    leaf(
      'weekday',
      'in',
      pick.one([
        ['sat', 'sun'],
        ['fri', 'sat', 'sun'],
      ]),
    ),
  (pick) => leaf('country', 'notIn', ['DE', pick.one(COUNTRIES)[0]]),
  (pick) => leaf('service', 'equal', pick.one(SERVICES)),
  () => leaf('errorStatus', 'greaterThanInclusive', 400),
  (pick) => leaf('entry', 'equal', pick.one(['owner', 'user']), '$.principal.identity.role'),
  () => leaf('entry', 'startsWith', 'de/', '$.event.param.region'),
  () => leaf('ipKind', 'equal', 'public'),
  () => leaf('asn', 'exists', true),
  (pick) => leaf('user', 'endsWith', pick.one(['@partner.example.net', '@example.com'])),
  (pick) => leaf('uri', 'includes', pick.one(RESOURCES)),
]
/** A rule of few comparisons is one that says much with each. */
const RARE = [
  (pick) => leaf('user', 'equal', userName(pick.whole(0, USERS - 1))),
  (pick) => leaf('country', 'equal', pick.one(COUNTRIES.slice(6))[0]),
  (pick) => leaf('errorCode', 'in', [pick.one(CODES), pick.one(CODES)]),
]
const PATTERNS = [
  (pick) => leaf('user', 'matches', `^svc-[a-z]+-${pick.whole(1, 9)}\\d*@`),
  (pick) => leaf('path', 'matches', `/${pick.one(RESOURCES)}s?/[0-9a-f-]{36}$`),
  (pick) => leaf('uri', 'matches', `(?i)/${pick.one(RESOURCES)}s/.*depth=[0-${pick.whole(1, 9)}]`),
  (pick) =>
    leaf('errorMessage', 'matches', `(${pick.one(RESOURCES)}|${pick.one(RESOURCES)}).*locked`),
]

/**
 * Rules of 2 to 6 comparisons; a third with `any`, one in twenty without anything to look up. A
 * thousand of them match an event in twenty.
 */
export function generateRules(count, seed = 11) {
  const random = createRandom(seed)
  const pick = createPick(random)
  return Array.from({ length: count }, (_, index) => ({
    id: `rule-${index}`,
    conditions: pick.chance(0.05) ? drawUnindexed(pick) : drawRule(pick),
  }))
}

function drawRule(pick) {
  const all = [pick.one(WHAT)(pick), pick.one(WHOM)(pick)]
  const more = pick.whole(0, 3)
  for (let index = 0; index < more; index += 1) all.push(pick.one(FURTHER)(pick))
  if (more <= 1) all.push(pick.one(RARE)(pick))
  if (pick.chance(0.12)) all.push(pick.one(PATTERNS)(pick))
  if (pick.chance(1 / 3)) {
    const side = pick.chance(0.5) ? WHOM : FURTHER
    all.push({ any: [pick.one(side)(pick), pick.one(side)(pick)] })
  }
  if (all.length > 2 && pick.chance(0.1)) all.push({ not: all.pop() })
  return { all: pick.chance(0.5) ? all.toReversed() : all }
}

function drawUnindexed(pick) {
  const all = [
    leaf('country', 'notIn', ['DE', ...COUNTRIES.slice(1, pick.whole(3, 8)).map(([name]) => name)]),
    leaf('user', 'not:inList', 'automation-users'),
    leaf('hour', 'lessThan', pick.one([3, 4, 5, 6])),
    pick.one([...PATTERNS, FURTHER[3]])(pick),
    pick.one([FURTHER[3], FURTHER[4], FURTHER[9], FURTHER[14], ...PATTERNS])(pick),
  ]
  return { all }
}
