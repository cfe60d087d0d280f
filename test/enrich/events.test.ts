// Owns the proof that events tell where their address lies, wherever entries become events.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CommandError } from '../../src/cli/context.ts'
import { createProgram } from '../../src/cli/program.ts'
import { parseConfig } from '../../src/config.ts'
import { type Address, formatAddress } from '../../src/core/address.ts'
import { createCalendar } from '../../src/core/calendar.ts'
import type { GeoFacts } from '../../src/core/event.ts'
import { EMPTY_EVENT, type NormalizeContext, normalizeEntry } from '../../src/core/normalize.ts'
import { formatProblem } from '../../src/core/problem.ts'
import { checkAll, type Finding } from '../../src/doctor.ts'
import { BUILTIN_SOURCES, resolveSources } from '../../src/enrich/sources.ts'
import { silentLog } from '../../src/observe/log.ts'
import { createFolder } from '../clone.ts'
import { silentCli } from '../silent-cli.ts'
import { writeMmdb } from './mmdb-writer.ts'

const BERLIN: GeoFacts = {
  country: 'DE',
  asn: 8560,
  asOrg: 'IONOS SE',
  city: 'Berlin',
  latitude: 52.5,
  longitude: 13.4,
  coarse: false,
}

const DAY_MS = 86_400_000

const entryFrom = (sourceIP: unknown) => ({
  meta: { time: '2026-11-20T10:00:00Z' },
  principal: { sourceIP, identity: { username: 'ann' } },
  event: {
    type: 'RequestAccepted',
    param: { action: 'DELETE', uri: '/cloudapi/v6/datacenters/1' },
  },
})

describe('an event', () => {
  const asked: string[] = []
  const context: NormalizeContext = {
    contract: '1',
    readTimeMs: 0,
    calendar: createCalendar('UTC'),
    lookUp: (address: Address) => {
      asked.push(formatAddress(address))
      return BERLIN
    },
  }
  const eventOf = (sourceIP: unknown, more: Partial<NormalizeContext> = {}) => {
    asked.length = 0
    return normalizeEntry(entryFrom(sourceIP), { ...context, ...more }).event
  }

  it('has what is known of its address, in the keys and the order all events have', () => {
    const event = eventOf('::ffff:217.160.0.1')
    const { coarse: _coarse, ...facts } = BERLIN
    expect(event).toMatchObject({ ip: '217.160.0.1', ipKind: 'public', ...facts })
    expect(Object.keys(event ?? {})).toEqual(Object.keys(EMPTY_EVENT))
    expect(asked).toEqual(['217.160.0.1'])
  })

  it.each(['10.0.0.1', 'fe80::1', '127.0.0.1', 'nonsense', '', null, 7])(
    'from %j has none, and nobody is asked',
    (sourceIP) => {
      expect(eventOf(sourceIP)).toMatchObject({ country: undefined, latitude: undefined })
      expect(asked).toEqual([])
    },
  )

  it('of another log has none', () => {
    eventOf('217.160.0.1', { timePath: () => '2026-11-20T10:00:00Z' })
    expect(asked).toEqual([])
  })

  it('has none where nobody knows addresses', () => {
    expect(eventOf('217.160.0.1', { lookUp: undefined })).toMatchObject({ country: undefined })
  })
})

describe('a rule about countries', () => {
  const rule = (country: string) =>
    JSON.stringify({
      id: 'deleted-abroad',
      title: 'Deleted abroad',
      severity: 'high',
      conditions: { all: [{ fact: 'country', operator: 'equal', value: country }] },
      tests: [{ name: 'it alerts', alerts: 1, events: [{ entry: entryFrom('217.160.0.1') }] }],
    })

  const runTests = (files: Readonly<Record<string, string | Buffer>>) =>
    tocsin(files, ['rules', 'test', 'deleted-abroad.json'])

  const tocsin = async (
    files: Readonly<Record<string, string | Buffer>>,
    command: readonly string[],
  ) => {
    const folder = createFolder()
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
    let out = ''
    const stdout = { write: (text: string) => (out += text) }
    const cli = silentCli({ cwd: folder, stdout })
    try {
      const program = await createProgram(cli, command)
      await program.parseAsync(command, { from: 'user' })
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      return { code: error.exitCode, out, message: error.message }
    }
    return { code: 0, out, message: '' }
  }

  it('is tested with raw entries, by what comes along', async () => {
    expect(await runTests({ 'deleted-abroad.json': rule('DE') })).toMatchObject({ code: 0 })
    expect(await runTests({ 'deleted-abroad.json': rule('FR') })).toMatchObject({ code: 1 })
  })

  it('is explained by what is known of the address', async () => {
    const files = {
      'deleted-abroad.json': rule('FR'),
      'entry.json': JSON.stringify(entryFrom('217.160.0.1')),
    }
    const command = ['--rules', '.', 'rules', 'explain', 'deleted-abroad', '--entry', 'entry.json']
    expect((await tocsin(files, command)).out).toContain('"DE"')
  })

  it('is tested by the file of the configuration, named from the working folder', async () => {
    const config = JSON.stringify({ enrich: { country: 'mine.mmdb' } })
    const mine = writeMmdb({ records: { '217.160.0.0/16': { country_code: 'FR' } } })
    const files = { 'deleted-abroad.json': rule('FR'), 'tocsin.config.json': config }
    expect(await runTests({ ...files, 'mine.mmdb': mine })).toMatchObject({ code: 0 })
    expect(await runTests(files)).toMatchObject({
      code: 2,
      message: expect.stringMatching(/mine\.mmdb can't be read \(ENOENT\)$/),
    })
  })
})

describe('the configuration', () => {
  it('takes what comes along where it says nothing', () => {
    expect(parseConfig({}, {}).config?.enrich).toEqual(BUILTIN_SOURCES)
    expect(parseConfig({ enrich: { city: '/x' } }, {}).config?.enrich).toEqual({
      country: 'builtin',
      asn: 'builtin',
      city: '/x',
    })
  })

  it('says what is wrong with it', () => {
    const enrich = { countri: 'x', asn: true, city: '' }
    expect(parseConfig({ enrich }, {}).problems.map(formatProblem)).toEqual([
      '/enrich/countri: unknown key "countri", did you mean "country"?',
      `/enrich/asn: found true, expected "builtin" or the path of a file in MaxMind's format`,
      `/enrich/city: it is empty: write the path of a file in MaxMind's format`,
    ])
  })

  it('names files from a folder, but not what comes along', () => {
    const sources = { country: 'builtin', asn: 'a.mmdb', city: 'c.mmdb' }
    expect(resolveSources(sources, (path) => `/etc/${path}`)).toEqual({
      country: 'builtin',
      asn: '/etc/a.mmdb',
      city: '/etc/c.mmdb',
    })
  })
})

describe('doctor', () => {
  const now = Date.UTC(2026, 10, 20)

  /** What it says about data on addresses; the checks after that one need an API. */
  const findingsOf = async (enrich: unknown): Promise<Finding[]> => {
    const { config } = parseConfig({ enrich, rules: [createFolder()] }, {})
    if (config === undefined) expect.fail('a wrong configuration')
    const clock = { now: () => now, sleep: async () => {} }
    const signal = new AbortController().signal
    const findings: Finding[] = []
    for await (const finding of checkAll({ config, clock, log: silentLog, signal })) {
      if (finding.name === 'receivers') break
      if (finding.name.endsWith('data')) findings.push(finding)
    }
    return findings
  }

  const fileOf = (ageDays: number): string => {
    const path = join(createFolder(), 'country.mmdb')
    const builtAt = new Date(now - ageDays * DAY_MS)
    writeFileSync(path, writeMmdb({ records: { '8.8.8.0/24': { country_code: 'DE' } }, builtAt }))
    return path
  }

  it('tells how old the data is', async () => {
    const path = fileOf(3)
    const [country, network, ...more] = await findingsOf({ country: path })
    const message = `${path}, 3 days old`
    expect(country).toEqual({ state: 'ok', name: 'country data', message })
    expect(network).toMatchObject({
      name: 'network data',
      message: expect.stringMatching(/^built-in, \d+ days old$/),
    })
    expect(more).toEqual([])
  })

  it('warns of data older than half a year', async () => {
    expect(await findingsOf({ country: fileOf(180) })).toMatchObject([{ state: 'ok' }, {}])
    expect(await findingsOf({ country: fileOf(181) })).toMatchObject([
      { state: 'warning', remedy: expect.stringContaining('download a newer file') },
      {},
    ])
  })

  it('says which file can not be used', async () => {
    expect(await findingsOf({ city: '/nowhere/city.mmdb' })).toEqual([
      {
        state: 'bad',
        name: 'address data',
        message: "/nowhere/city.mmdb can't be read (ENOENT)",
        remedy: expect.stringContaining('"enrich"'),
      },
    ])
  })
})
