// Owns the files of a release: the package, a list of everything that runs in it, and their checksums.
// Publishing them is not its matter.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { writeSingleFile } from './single-file.mjs'

const PROJECT = fileURLToPath(new URL('..', import.meta.url))
const DEVELOPMENT = 'cdx:npm:package:development'
const SBOM_BYTES_MAX = 20 * 1024 * 1024

const HELP = `Makes the files of a release from a clone that is built.

  --out DIR   where they go (default release)

Example:
  npm run release`

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join(PROJECT, 'release') },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) console.log(HELP)
else await release(values.out)

async function release(folder) {
  const { name, version } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'))
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  npm(['pack', '--ignore-scripts', '--silent', '--pack-destination', folder])
  await writeSingleFile(join(folder, `${name}-${version}.mjs`))
  const sbom = withLocked(
    withoutTools(JSON.parse(npm(['sbom', '--sbom-format=cyclonedx', '--package-lock-only']))),
  )
  writeFileSync(join(folder, `${name}-${version}.cdx.json`), `${JSON.stringify(sbom, null, 2)}\n`)
  const files = readdirSync(folder).sort()
  const sums = files.map((file) => {
    const hash = createHash('sha256').update(readFileSync(join(folder, file)))
    return `${hash.digest('hex')}  ${file}\n`
  })
  writeFileSync(join(folder, 'SHA256SUMS'), sums.join(''))
  for (const file of [...files, 'SHA256SUMS']) console.log(join(folder, file))
}

/** What only builds and tests is no part of it. `npm sbom --omit=dev` also omits what tools share. */
function withoutTools({ components, dependencies, ...rest }) {
  const isTool = ({ properties = [] }) =>
    properties.some(({ name, value }) => name === DEVELOPMENT && value === 'true')
  const tools = new Set(components.filter(isTool).map((component) => component['bom-ref']))
  const isPart = (reference) => !tools.has(reference)
  return {
    ...rest,
    components: components.filter((component) => isPart(component['bom-ref'])),
    dependencies: dependencies
      .filter(({ ref }) => isPart(ref))
      .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter(isPart) })),
  }
}

/** Adds what the lock says is installed and npm left out: of two versions of a package it may name one. */
function withLocked(sbom) {
  const { packages } = JSON.parse(readFileSync(join(PROJECT, 'package-lock.json'), 'utf8'))
  const known = new Set(sbom.components.map(({ name, version }) => `${name}@${version}`))
  const missing = Object.entries(packages).flatMap(([path, { dev, link, version }]) => {
    const name = path.split('node_modules/').at(-1)
    if (!path.includes('node_modules/') || dev || link || known.has(`${name}@${version}`)) return []
    const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`
    return [{ 'bom-ref': `${name}@${version}`, type: 'library', name, version, purl }]
  })
  return { ...sbom, components: [...sbom.components, ...missing] }
}

function npm(args) {
  return execFileSync('npm', args, {
    cwd: PROJECT,
    encoding: 'utf8',
    maxBuffer: SBOM_BYTES_MAX,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}
