// Owns the proofs about what is released: the package has what runs and nothing else, the list of its
// parts is whole, the rule pack has a version, and the files of deployments keep their promises.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readRuleFiles } from '../src/ruleset-files.ts'
import { PROJECT } from './clone.ts'

const read = (name: string) => readFileSync(join(PROJECT, name), 'utf8')
const packageJson = JSON.parse(read('package.json')) as {
  version: string
  dependencies: Record<string, string>
  devDependencies: Record<string, string>
  bin: Record<string, string>
}

/** Makes one in a folder that is gone afterwards, and reads what it is made of. */
function makeRelease() {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-release-'))
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
  rmSync(folder, { recursive: true })
  return { out, inside, sums, sbom }
}

describe('npm run release', { timeout: 120_000 }, () => {
  const { out, inside, sums } = makeRelease()

  it('makes a package, a list of its parts, and checksums of both', () => {
    expect(out.trim().split('\n')).toHaveLength(3)
    expect(sums).toMatch(/^[0-9a-f]{64} {2}tocsin-.*\.cdx\.json\n[0-9a-f]{64} {2}tocsin-.*\.tgz\n$/)
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
    const { sbom } = makeRelease()
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
