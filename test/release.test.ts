// Owns the proofs about what is released: the package has what runs and nothing else, the list of its
// parts is whole, the rule pack has a version, and the files of deployments keep their promises.
import { execFile, execFileSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { readRuleFiles } from '../src/ruleset-files.ts'
import { PROJECT } from './clone.ts'

const read = (name: string) => readFileSync(join(PROJECT, name), 'utf8')
const packageJson = JSON.parse(read('package.json')) as {
  version: string
  dependencies: Record<string, string>
  devDependencies: Record<string, string>
  bin: Record<string, string>
}

const folder = mkdtempSync(join(tmpdir(), 'tocsin-release-'))
const singleFile = join(folder, `tocsin-${packageJson.version}.mjs`)
afterAll(() => rmSync(folder, { recursive: true }))

/** Makes one, and reads what it is made of. */
function makeRelease() {
  const out = execFileSync(process.execPath, ['scripts/release.mjs', '--out', folder], {
    cwd: PROJECT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const archive = join(folder, `tocsin-${packageJson.version}.tgz`)
  const inside = execFileSync('tar', ['tzf', archive], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((path) => path.replace(/^package\//, ''))
  const sbom = JSON.parse(
    readFileSync(join(folder, `tocsin-${packageJson.version}.cdx.json`), 'utf8'),
  ) as { bomFormat: string; components: { name: string; version: string }[] }
  const sums = readFileSync(join(folder, 'SHA256SUMS'), 'utf8')
  return { out, inside, sums, sbom }
}

describe('npm run release', { timeout: 120_000 }, () => {
  const { out, inside, sums, sbom } = makeRelease()

  it('makes a package, a single file, a list of their parts, and checksums of them', () => {
    expect(out.trim().split('\n')).toHaveLength(4)
    const sum = '[0-9a-f]{64}'
    const names = ['cdx\\.json', 'mjs', 'tgz'].map((end) => `${sum} {2}tocsin-.*\\.${end}\\n`)
    expect(sums).toMatch(new RegExp(`^${names.join('')}$`))
  })

  it.each([
    packageJson.bin['tocsin'] as string,
    'dist/http/console/index.html',
    'dist/simulator/simulator.js',
    'rules/_conditions.json',
    'rules/.pack.json',
    'rules/_lists/office-networks.json',
    'rules/access/ionos-impossible-travel.json',
    'schema/rule.schema.json',
    'scenarios/demo.json',
    'deploy/kubernetes/tocsin.yaml',
    'docs/getting-started.md',
    'stub/jsonpath-plus/package.json',
    'LICENSE',
    'NOTICE',
    'CHANGELOG.md',
    'README.md',
  ])('the package has %s', (path) => {
    expect(inside).toContain(path)
  })

  it('the package has all rules, and no sources, tests or secrets', () => {
    const rules = (path: string) =>
      readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) =>
        name.endsWith('.json'),
      )
    expect(inside.filter((path) => /^rules\/.*\.json$/.test(path))).toHaveLength(
      rules(join(PROJECT, 'rules')).length,
    )
    const foreign = inside.filter((path) =>
      /^(src|test|bench|console|node_modules|\.tocsin|\.github)\/|\.(map|log|rdb|aof)$|(^|\/)\.env/.test(
        path,
      ),
    )
    expect(foreign).toEqual([])
  })

  it('the list of parts names every dependency at its version, and no tool', () => {
    expect(sbom.bomFormat).toBe('CycloneDX')
    const parts = new Map(sbom.components.map(({ name, version }) => [name, version]))
    const missing = Object.entries(packageJson.dependencies).filter(([name, version]) => {
      return version.startsWith('file:') ? !parts.has(name) : parts.get(name) !== version
    })
    expect(missing).toEqual([])
    const tools = ['vite', 'vitest', 'typescript', 'playwright-core'].filter((name) =>
      parts.has(name),
    )
    expect(tools).toEqual([])
  })
})

/** Shorter inputs are judged without threads: src/replay/pool.ts. */
const THREADS_FROM_BYTES = 8_388_608

function entryLine(at: number): string {
  const meta = { time: new Date(1_795_000_000_000 + at).toISOString() }
  const event = { type: 'RequestAccepted', resources: [], param: { text: 'x'.repeat(1_000) } }
  return `${JSON.stringify({ '@uuid': `entry-${at}`, meta, event })}\n`
}

describe('the single file', { timeout: 60_000 }, () => {
  const cacheOf = (name: string) => join(folder, `cache-${name}`)
  /** Runs it as a user does who has nothing else, in an empty folder. */
  const run = async (cache: string, ...args: readonly string[]) => {
    const cwd = mkdtempSync(join(folder, 'empty-'))
    const env = { PATH: process.env['PATH'], HOME: cwd, TOCSIN_CACHE_DIR: cache }
    return promisify(execFile)(process.execPath, [singleFile, ...args], { cwd, env })
  }
  const versions = (cache: string) => readdirSync(cache).filter((name) => !name.startsWith('.'))

  it('has the rules, the data of addresses and the threads of a backtest in it', async () => {
    const { stdout } = await run(cacheOf('one'), 'rules', 'list', '--json')
    const { version } = await readRuleFiles([join(PROJECT, 'rules')])
    expect(JSON.parse(stdout)).toMatchObject({ version })
    const log = join(folder, 'log.ndjson')
    const lines = Math.ceil(THREADS_FROM_BYTES / entryLine(0).length) + 1
    writeFileSync(log, Array.from({ length: lines }, (_, at) => entryLine(at)).join(''))
    const told = await run(cacheOf('one'), 'backtest', '--input', log, '--json')
    expect(JSON.parse(told.stdout)).toMatchObject({ events: lines })
    expect(versions(cacheOf('one'))).toHaveLength(1)
    const licenses = join(cacheOf('one'), versions(cacheOf('one'))[0] ?? '', 'licenses.txt')
    expect(readFileSync(licenses, 'utf8')).toContain('bullmq 6.7.0 (MIT)')
  })

  it('started twice at once, it is unpacked once and both run', async () => {
    const both = await Promise.all([
      run(cacheOf('two'), '--version'),
      run(cacheOf('two'), '--version'),
    ])
    expect(both.map(({ stdout }) => stdout.trim())).toEqual(Array(2).fill(packageJson.version))
    expect(readdirSync(cacheOf('two'))).toHaveLength(1)
  })

  it('refuses a cache that others may write to, and says what to do', async () => {
    mkdirSync(cacheOf('open'))
    chmodSync(cacheOf('open'), 0o777)
    await expect(run(cacheOf('open'), '--version')).rejects.toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/others may write to .*\n +set TOCSIN_CACHE_DIR to a folder/),
    })
  })

  it('keeps what the last three versions unpacked', async () => {
    for (const [at, digit] of [...'1234'].entries()) {
      const old = join(cacheOf('old'), digit.repeat(16))
      mkdirSync(old, { recursive: true, mode: 0o700 })
      utimesSync(old, at, at)
    }
    await run(cacheOf('old'), '--version')
    const kept = versions(cacheOf('old'))
    expect(kept).toHaveLength(3)
    expect(kept.filter((name) => /^[1-4]+$/.test(name))).toEqual(['3'.repeat(16), '4'.repeat(16)])
  })
})

describe('the rule pack', () => {
  it('has a version that stands for these rules: node scripts/pack-version.mjs', async () => {
    const pack = JSON.parse(read('rules/.pack.json')) as { version: string; digest: string }
    const { version } = await readRuleFiles([join(PROJECT, 'rules')])
    expect(pack.version).toMatch(/^\d+\.\d+\.\d+$/)
    expect(pack.digest).toBe(version)
  })
})

describe('files of deployments', () => {
  const kubernetes = read('deploy/kubernetes/tocsin.yaml')
  const systemd = read('deploy/systemd/tocsin.service')
  const containers = kubernetes.split(/^ +- name: (?=tocsin$|valkey$)/m).slice(1)

  it('Kubernetes: no container runs as root, writes to its root file system or has a capability', () => {
    expect(containers).toHaveLength(2)
    expect(kubernetes.match(/runAsNonRoot: true/g)).toHaveLength(2)
    for (const container of containers) {
      expect(container).toContain('readOnlyRootFilesystem: true')
      expect(container).toContain('allowPrivilegeEscalation: false')
      expect(container).toContain('drop: [ALL]')
      expect(container).toContain('readinessProbe:')
    }
    expect(kubernetes.match(/automountServiceAccountToken: false/g)).toHaveLength(2)
  })

  it('Kubernetes: probes ask what there is, and the image has the version of the package', () => {
    expect(kubernetes).toMatch(/readinessProbe:\s+httpGet: \{ path: \/readyz, port: http \}/)
    expect(kubernetes).toMatch(/livenessProbe:\s+httpGet: \{ path: \/healthz, port: http \}/)
    expect(kubernetes).toContain(`image: registry.example.com/tocsin:${packageJson.version}`)
    expect(kubernetes).toContain('noeviction')
  })

  it('Kubernetes: the configuration in it is one', async () => {
    const { parse } = await import('jsonc-parser')
    const text = /tocsin\.config\.json: \|\n((?: {4}.*\n)+)/.exec(kubernetes)?.[1] ?? ''
    const { parseConfig } = await import('../src/config.ts')
    const filled = text
      .replace('${TOCSIN_API_TOKEN}', 'x'.repeat(20))
      .replace('${SLACK_WEBHOOK_URL}', 'https://hooks.slack.com/services/T0/B0/x')
    expect(parseConfig(parse(filled), {}).problems).toEqual([])
  })

  it('systemd: the service may write to its folder alone, and gets no secret from this file', () => {
    expect(systemd).toContain('ProtectSystem=strict')
    expect(systemd).toContain('NoNewPrivileges=true')
    expect(systemd).toContain('StateDirectory=tocsin')
    expect(systemd).toMatch(/^ExecStart=\/usr\/bin\/node dist\/main\.js serve$/m)
    expect(systemd).not.toMatch(/^Environment=.*(TOKEN|SECRET|PASSWORD|WEBHOOK)/m)
  })

  it('GitHub runs the check of the whole on each Node that is promised', () => {
    const workflow = read('.github/workflows/ci.yml')
    expect(workflow).toMatch(/node: \[20, 22, 24\]/)
    expect(workflow).toContain('run: .ci/run')
  })
})
