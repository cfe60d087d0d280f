// Owns the tests of core/resource-path.ts.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { pathOf, resourceOfPath, typeOf } from '../../src/core/resource-path.ts'

const D = '7a0c9a1e-2f11-4b3a-8e77-3c5d1a9b0d03'
const S = '9e1f0c77-6d1b-4f6c-9a2e-55c9f4d20e03'

describe('the path of a URI', () => {
  test.each([
    ['a path stays', '/cloudapi/v6/um/users', '/cloudapi/v6/um/users'],
    ['no trailing slash', '/cloudapi/v6/um/users/', '/cloudapi/v6/um/users'],
    ['nor several', '/users///', '/users'],
    ['no query', '/users?depth=3', '/users'],
    ['no query behind a slash', '/users/?depth=3', '/users'],
    ['no fragment', '/users#top?x', '/users'],
    ['no host', 'https://api.ionos.com/cloudapi/v6/users', '/cloudapi/v6/users'],
    ['no port', 'https://api.ionos.com:443/users/?a=/b', '/users'],
    ['no user', 'https://a:b@api.ionos.com/users', '/users'],
    ['a host without a path', 'https://api.ionos.com', '/'],
    ['a host and a query', 'https://api.ionos.com?x=/users', '/'],
    ['a host without a scheme', 'api.ionos.com/cloudapi/v6/users', '/cloudapi/v6/users'],
    ['a host with a port', 'localhost:8080/users', '/users'],
    ['a path without its slash', 'cloudapi/v6/users', '/cloudapi/v6/users'],
    ['a URL in a path', '/redirect/https://example.com/x', '/redirect/https://example.com/x'],
    ['a URL in a query', '/redirect?to=https://example.com/x', '/redirect'],
    ['two slashes before', '//users', '//users'],
    ['the root', '/', '/'],
    ['nothing', '', '/'],
    ['only a query', '?a=b', '/'],
  ])('%s', (_name, uri, expected) => {
    expect(pathOf(uri)).toBe(expected)
  })

  test('long hostile URIs are read in linear time', () => {
    for (const part of ['.', '/', ':', '?', '#', ':/', '://', 'a.', '/s']) {
      const uri = part.repeat(8_192 / part.length)
      const started = process.cpuUsage().user
      for (let run = 0; run < 20; run += 1) resourceOfPath(pathOf(uri))
      expect(process.cpuUsage().user - started).toBeLessThan(500_000)
    }
  })
})

describe('the resource a path names', () => {
  test.each([
    ['a collection', '/cloudapi/v6/datacenters', 'datacenter', undefined, undefined],
    ['one of it', `/cloudapi/v6/datacenters/${D}`, 'datacenter', D, undefined],
    ['another version', `/cloudapi/v5/datacenters/${D}`, 'datacenter', D, undefined],
    ['without a prefix', `/datacenters/${D}`, 'datacenter', D, undefined],
    ['a part of it', `/cloudapi/v6/datacenters/${D}/servers/${S}`, 'server', S, undefined],
    ['a list in it', `/cloudapi/v6/datacenters/${D}/servers`, 'server', undefined, undefined],
    ['a verb', `/cloudapi/v6/datacenters/${D}/servers/${S}/stop`, 'server', S, 'stop'],
    [
      'a firewall rule',
      `/cloudapi/v6/datacenters/${D}/servers/${D}/nics/${D}/firewallrules/${S}`,
      'firewallrule',
      S,
      undefined,
    ],
    [
      'a rule of a security group',
      `/datacenters/${D}/securitygroups/${D}/rules/${S}`,
      'firewallrule',
      S,
      undefined,
    ],
    [
      'a rule of a NAT gateway',
      `/datacenters/${D}/natgateways/${D}/rules/${S}`,
      'natgatewayrule',
      S,
      undefined,
    ],
    [
      'a snapshot being made',
      `/datacenters/${D}/volumes/${S}/create-snapshot`,
      'volume',
      S,
      'create-snapshot',
    ],
    ['users', '/cloudapi/v6/um/users', 'user', undefined, undefined],
    ['a member of a group', `/cloudapi/v6/um/groups/${D}/users/${S}`, 'user', S, undefined],
    ['a share', `/cloudapi/v6/um/groups/${D}/shares/${S}`, 'share', S, undefined],
    [
      'a storage key',
      `/cloudapi/v6/um/users/${D}/s3keys/00ca413c94ea6c1c`,
      's3key',
      '00ca413c94ea6c1c',
      undefined,
    ],
    ['a sign-on URL', `/cloudapi/v6/um/users/${S}/s3ssourl`, 'user', S, 's3ssourl'],
    ['address blocks', '/cloudapi/v6/ipblocks', 'ipblock', undefined, undefined],
    ['a backup unit', `/cloudapi/v6/backupunits/${S}`, 'backupunit', S, undefined],
    ['clusters', '/cloudapi/v6/k8s', 'k8s', undefined, undefined],
    ['a kubeconfig', `/cloudapi/v6/k8s/${S}/kubeconfig`, 'k8s', S, 'kubeconfig'],
    ['versions', '/cloudapi/v6/k8s/versions', 'k8s', undefined, 'versions'],
    ['node pools', `/cloudapi/v6/k8s/${D}/nodepools/${S}`, 'nodepool', S, undefined],
    ['a node', `/cloudapi/v6/k8s/${D}/nodepools/${D}/nodes/${S}/replace`, 'node', S, 'replace'],
    ['a request', `/cloudapi/v6/requests/${S}/status`, 'request', S, 'status'],
    ['a token', '/auth/v1/tokens/generate', 'token', undefined, 'generate'],
    ['a contract', '/activitylog/v1/contracts/31720001', 'contract', '31720001', undefined],
    ['a registry', '/containerregistries/registries/mine/tokens/ci', 'token', 'ci', undefined],
    ['a database', `/databases/postgresql/clusters/${S}/restore`, 'cluster', S, 'restore'],
    ['something new in it', `/datacenters/${D}/warp-drives/${S}`, 'warpdrive', S, undefined],
    ['a list of something new', '/cloudapi/v6/warpdrives', 'warpdrive', undefined, undefined],
    ['something new', `/cloudapi/v6/galaxies/${S}`, 'galaxy', S, undefined],
    ['a new verb', `/cloudapi/v6/warpdrives/${S}/engage`, 'warpdrive', S, 'engage'],
    ['upper case', `/CloudAPI/v6/DataCenters/${D}/Servers/${S}/Stop`, 'server', S, 'stop'],
    ['empty segments', `//cloudapi//v6/datacenters/${D}`, 'datacenter', D, undefined],
    ['an id named as a property of objects', '/users/__proto__', 'user', '__proto__', undefined],
    ['no collection', '/constructor', undefined, undefined, undefined],
    ['the root', '/', undefined, undefined, undefined],
    ['only a version', '/cloudapi/v6', undefined, undefined, undefined],
  ])('%s', (_name, path, type, id, tail) => {
    expect(resourceOfPath(path)).toEqual({ type, id, tail })
  })

  test('any path gives texts or nothing', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true }), fc.string(), (url, text) => {
        for (const uri of [url, text]) {
          const path = pathOf(uri)
          expect(path.startsWith('/')).toBe(true)
          expect(path === '/' || !path.endsWith('/')).toBe(true)
          expect(path).not.toMatch(/[?#]/)
          expect(pathOf(path)).toBe(path)
          const { type, id } = resourceOfPath(path)
          expect(id === undefined || type !== undefined).toBe(true)
        }
      }),
    )
  })
})

test.each([
  ['firewall-rule', 'firewallrule'],
  ['backupUnit', 'backupunit'],
  ['target_group', 'targetgroup'],
  ['user', 'user'],
])('the type %s is the fact %s', (name, expected) => {
  expect(typeOf(name)).toBe(expected)
})
