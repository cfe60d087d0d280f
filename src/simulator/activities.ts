// Owns what people and programs can do in the simulated company: one row per operation of the API.

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** The kinds of things with an id; a path names one as `{server}`. */
const THINGS = [
  'datacenter',
  'server',
  'volume',
  'nic',
  'lan',
  'rule',
  'snapshot',
  'image',
  'ipblock',
  'user',
  'group',
  'key',
  'backupUnit',
  'cluster',
  'nodepool',
  'flowlog',
  'pcc',
  'securityGroup',
  'token',
  'subContract',
] as const

export type Thing = (typeof THINGS)[number]

/**
 * One thing that can be done. Paths follow the public SDK; `action` is set only where IONOS
 * documents the string (there are four), because every other one would be a guess.
 */
export type Activity = {
  readonly method: Method
  /** Without the prefix; `{thing}` is filled with an id, one of several is picked at random. */
  readonly paths: readonly string[]
  readonly touches?: { readonly thing: Thing; readonly type: string }
  readonly action?: string
  /** Background work the log also tells about, beside the echoes of the request. */
  readonly provisions?: boolean
  /** Entries that are no requests have a type of their own. */
  readonly type?: 'GenerateToken' | 'DCDUserEvent'
}

const DATACENTER = '/datacenters/{datacenter}'
const SERVER = `${DATACENTER}/servers/{server}`
const NIC = `${SERVER}/nics/{nic}`

const write = (
  method: Method,
  path: string,
  [thing, type]: readonly [Thing, string],
  more: Pick<Activity, 'action' | 'provisions'> = {},
): Activity => ({ method, paths: [path], touches: { thing, type }, ...more })

const provisioned = { provisions: true }

const server = ['server', 'server'] as const
const volume = ['volume', 'volume'] as const
const nic = ['nic', 'nic'] as const
const lan = ['lan', 'lan'] as const
const datacenter = ['datacenter', 'datacenter'] as const
const rule = ['rule', 'firewallrule'] as const
const snapshot = ['snapshot', 'snapshot'] as const
const user = ['user', 'user'] as const
const group = ['group', 'group'] as const
const key = ['key', 's3key'] as const
const backupUnit = ['backupUnit', 'backupUnit'] as const
const cluster = ['cluster', 'k8s'] as const
const image = ['image', 'image'] as const
const nodepool = ['nodepool', 'nodepool'] as const
const subContract = ['subContract', 'contract'] as const

/** Every activity by the name scenarios use. */
export const ACTIVITIES = {
  read: {
    method: 'GET',
    paths: [
      '/datacenters',
      DATACENTER,
      `${DATACENTER}/servers`,
      SERVER,
      `${DATACENTER}/volumes`,
      `${NIC}/firewallrules`,
      '/um/users',
      '/um/groups',
      '/requests',
      '/ipblocks',
      '/k8s/{cluster}',
      '/images',
      '/contracts',
    ],
  },
  'server.create': write('POST', `${DATACENTER}/servers`, server, provisioned),
  'server.update': write('PATCH', SERVER, server, provisioned),
  'server.start': write('POST', `${SERVER}/start`, server, provisioned),
  'server.stop': write('POST', `${SERVER}/stop`, server, provisioned),
  'server.delete': write('DELETE', SERVER, server, provisioned),
  'console.open': write('GET', `${SERVER}/remoteconsole`, server),
  'volume.create': write('POST', `${DATACENTER}/volumes`, volume, provisioned),
  'volume.update': write('PATCH', `${DATACENTER}/volumes/{volume}`, volume, provisioned),
  'volume.attach': write('POST', `${SERVER}/volumes`, volume, provisioned),
  'volume.detach': write('DELETE', `${SERVER}/volumes/{volume}`, volume, provisioned),
  'volume.delete': write('DELETE', `${DATACENTER}/volumes/{volume}`, volume, provisioned),
  'nic.create': write('POST', `${SERVER}/nics`, nic, provisioned),
  'nic.update': write('PATCH', NIC, nic, provisioned),
  'lan.create': write('POST', `${DATACENTER}/lans`, lan, provisioned),
  'lan.update': write('PATCH', `${DATACENTER}/lans/{lan}`, lan, provisioned),
  'datacenter.create': write('POST', '/datacenters', datacenter, provisioned),
  'datacenter.update': write('PATCH', DATACENTER, datacenter),
  'datacenter.delete': write('DELETE', DATACENTER, datacenter, provisioned),
  'snapshot.create': write('POST', `${DATACENTER}/volumes/{volume}/create-snapshot`, snapshot, {
    action: 'sn.snapshot.create',
    provisions: true,
  }),
  'snapshot.restore': write(
    'POST',
    `${DATACENTER}/volumes/{volume}/restore-snapshot`,
    volume,
    provisioned,
  ),
  'snapshot.delete': write('DELETE', '/snapshots/{snapshot}', snapshot, provisioned),
  'image.update': write('PATCH', '/images/{image}', image),
  'image.delete': write('DELETE', '/images/{image}', image),
  'firewall.create': write('POST', `${NIC}/firewallrules`, rule, {
    action: 'vr.firewall.activate',
    provisions: true,
  }),
  'firewall.update': write('PATCH', `${NIC}/firewallrules/{rule}`, rule, provisioned),
  'firewall.delete': write('DELETE', `${NIC}/firewallrules/{rule}`, rule, provisioned),
  'ipblock.reserve': write('POST', '/ipblocks', ['ipblock', 'ipblock'], {
    action: 'ip.ipblock.reserve',
    provisions: true,
  }),
  'ipblock.release': write('DELETE', '/ipblocks/{ipblock}', ['ipblock', 'ipblock'], provisioned),
  'user.create': write('POST', '/um/users', user, { action: 'sec.user.create' }),
  'user.update': write('PUT', '/um/users/{user}', user),
  'user.delete': write('DELETE', '/um/users/{user}', user),
  'group.create': write('POST', '/um/groups', group),
  'group.update': write('PUT', '/um/groups/{group}', group),
  'group.addUser': write('POST', '/um/groups/{group}/users', group),
  'group.removeUser': write('DELETE', '/um/groups/{group}/users/{user}', group),
  'storageKey.create': write('POST', '/um/users/{user}/s3keys', key),
  'storageKey.delete': write('DELETE', '/um/users/{user}/s3keys/{key}', key),
  'backupUnit.create': write('POST', '/backupunits', backupUnit),
  'backupUnit.delete': write('DELETE', '/backupunits/{backupUnit}', backupUnit),
  'k8s.create': write('POST', '/k8s', cluster, provisioned),
  'k8s.update': write('PUT', '/k8s/{cluster}', cluster, provisioned),
  'k8s.delete': write('DELETE', '/k8s/{cluster}', cluster, provisioned),
  'k8s.kubeconfig': write('GET', '/k8s/{cluster}/kubeconfig', cluster),
  'nodepool.create': write('POST', '/k8s/{cluster}/nodepools', nodepool, provisioned),
  'nodepool.update': write('PUT', '/k8s/{cluster}/nodepools/{nodepool}', nodepool, provisioned),
  'flowlog.delete': write('DELETE', `${NIC}/flowlogs/{flowlog}`, ['flowlog', 'flowlog']),
  'pcc.create': write('POST', '/pccs', ['pcc', 'pcc'], provisioned),
  'securityGroup.update': write('PATCH', `${DATACENTER}/securitygroups/{securityGroup}`, [
    'securityGroup',
    'securitygroup',
  ]),
  'server.reboot': write('POST', `${SERVER}/reboot`, server, provisioned),
  'share.create': write('POST', '/um/groups/{group}/shares/{snapshot}', snapshot),
  'group.delete': write('DELETE', '/um/groups/{group}', group),
  'storage.ssoUrl': write('GET', '/um/users/{user}/s3ssourl', user),
  'reseller.contract.create': write('POST', '/reseller/v2/contracts', subContract),
  'reseller.admin.create': write('POST', '/reseller/v2/contracts/{subContract}/admins', user),
  'token.delete': {
    method: 'DELETE',
    paths: ['/auth/v1/tokens/{token}'],
    touches: { thing: 'token', type: 'token' },
  },
  'token.generate': { method: 'GET', paths: ['/auth/v1/tokens/generate'], type: 'GenerateToken' },
  signIn: {
    method: 'GET',
    paths: ['/'],
    touches: { thing: 'user', type: 'user' },
    type: 'DCDUserEvent',
  },
} as const satisfies Readonly<Record<string, Activity>>

export type ActivityName = keyof typeof ACTIVITIES

export const ACTIVITY_NAMES: readonly ActivityName[] = Object.keys(ACTIVITIES).filter(isActivity)

function isActivity(name: string): name is ActivityName {
  return Object.hasOwn(ACTIVITIES, name)
}

/** Whether the thing it touches begins to exist by it. */
export function isCreation(activity: ActivityName): boolean {
  return /\.(create|reserve)$/.test(activity)
}

export function isThing(name: string): name is Thing {
  return THINGS.some((thing) => thing === name)
}
