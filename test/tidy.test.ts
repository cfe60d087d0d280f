// Owns the style that can be checked: import directions, banned calls, sizes, headers, and that
// documents name files that exist. Reads every file once.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = resolve(import.meta.dirname, '..')
const FILE_LINES_MAX = 320
/** The formatter wraps code at 100; words in comments may stick out a little. */
const COLUMNS_MAX = 104
/** Texts, regular expressions and links are not cut for the width of a line. */
const UNBREAKABLE = /['"`/].{40,}/

type Source = { readonly path: string; readonly text: string; readonly imports: readonly string[] }

function filesBelow(folder: string, ending: RegExp): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && ending.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .sort()
}

function readSource(path: string): Source {
  const text = readFileSync(join(ROOT, path), 'utf8')
  const found = text.matchAll(/^(?:import|export)\s[^'"]*?from '([^']+)'|^import '([^']+)'/gm)
  return { path, text, imports: [...found].map((match) => match[1] ?? (match[2] as string)) }
}

const sources = filesBelow('src', /\.ts$/).map(readSource)
/** The console's, which runs in browsers: other calls are banned there. */
const pages = filesBelow('console/src', /\.tsx?$/).map(readSource)

/** `core`, `state`, …; a file directly in src stands for itself: `app`, `pipeline`. */
function roomOf(path: string): string {
  const [, first = '', ...rest] = path.split('/')
  return rest.length === 0 ? first.replace(/\.ts$/, '') : first
}

/** What each room may import of ours. A room that is not named here is a fault by itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  observe: ['core'],
  state: ['core', 'observe'],
  enrich: ['core', 'installation', 'observe'],
  notify: ['core', 'observe', 'time-limit'],
  source: ['core', 'observe', 'state'],
  simulator: ['core', 'observe'],
  clock: ['core'],
  'stop-list': ['core', 'observe'],
  why: ['core'],
  detect: ['core'],
  teller: ['core', 'state'],
  'detect-windows': ['core', 'detect'],
  raise: [
    'alert-actions',
    'core',
    'observe',
    'state',
    'detect',
    'detect-windows',
    'ruleset',
    'teller',
    'why',
  ],
  'alert-actions': ['core', 'observe', 'state', 'teller'],
  silences: ['core', 'observe', 'state', 'alert-actions'],
  nudges: ['core', 'observe', 'state', 'teller', 'alert-actions'],
  'ahead-alert': ['core', 'system-alerts'],
  'system-alerts': ['core', 'observe', 'state', 'teller'],
  'rule-stats': ['core', 'observe', 'state'],
  'event-recorder': ['core', 'observe', 'pipeline', 'state'],
  ruleset: ['core', 'ruleset-build', 'ruleset-files', 'ruleset-watch'],
  'window-watch': ['core', 'observe', 'state', 'pipeline'],
  pipeline: [
    'core',
    'observe',
    'state',
    'detect',
    'detect-windows',
    'raise',
    'ruleset',
    'teller',
    'why',
  ],
  queue: ['core', 'observe', 'state', 'pipeline', 'notify'],
  config: [
    'core',
    'observe',
    'source',
    'enrich',
    'http',
    'config-receivers',
    'config-keys',
    'config-routes',
  ],
  'config-routes': ['core'],
  'config-keys': ['core', 'config-receivers', 'observe', 'enrich', 'http', 'state'],
  http: [
    'alert-actions',
    'core',
    'notify',
    'observe',
    'rule-tests',
    'ruleset',
    'silences',
    'state',
    'why',
  ],
  'config-receivers': ['core', 'notify', 'config'],
  'config-file': ['core', 'config'],
  'redis-target': ['config', 'state'],
  background: ['observe', 'stop-list'],
  'embedded-redis': ['core', 'observe', 'embedded-redis-process'],
  'embedded-redis-process': ['core', 'observe'],
  'embedded-redis-open': ['core', 'observe', 'embedded-redis'],
  input: ['core'],
  installation: [],
  'time-limit': [],
  replay: ['clock', 'core', 'enrich', 'input', 'observe', 'ruleset', 'ruleset-files'],
  backtest: ['core', 'replay'],
  'rule-tests': ['core', 'observe', 'state', 'pipeline', 'ruleset', 'teller', 'why'],
  main: ['cli', 'clock'],
}

/** Rooms that compose others: anything but the command line. */
const COMPOSERS = [
  'open-telling',
  'running-rules',
  'poisoned-batch',
  'app',
  'open-delivery',
  'open-evaluate',
  'delivery-failures',
  'open-reader',
  'open-http',
  'log-watch',
  'canary',
  'canary-line',
  'open-canary',
  'rule-health',
  'scrape',
  'doctor',
  'ruleset-build',
  'ruleset-files',
  'ruleset-watch',
]

/** From stores, only their types leave state/: which store it is, app.ts decides. */
const STATE_TYPES_ONLY = ['source', 'pipeline', 'raise', 'queue', 'http', 'teller', 'system-alerts']

const STORE_TYPES = /^src\/state\/([a-z]+-)?stores\.ts$/

function targetOf(source: Source, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined
  return relative(ROOT, resolve(ROOT, dirname(source.path), specifier))
}

function faultsOf(source: Source): string[] {
  const room = roomOf(source.path)
  if (room === 'cli') return []
  const isRulesetPart = room.startsWith('ruleset')
  return source.imports.flatMap((specifier) => {
    const target = targetOf(source, specifier)
    if (target === undefined || !target.startsWith('src/')) return []
    const other = roomOf(target)
    if (other === room || (isRulesetPart && (other.startsWith('ruleset') || other === 'core')))
      return []
    if (COMPOSERS.includes(room)) return other === 'cli' ? [`${source.path} → ${other}`] : []
    const allowed = MAY_IMPORT[room]
    if (allowed === undefined) return [`${source.path}: no one said what it may import`]
    if (!allowed.includes(other)) return [`${source.path} → ${target}`]
    const takesStore = STATE_TYPES_ONLY.includes(room) && other === 'state'
    return takesStore && !STORE_TYPES.test(target) ? [`${source.path} → ${target}`] : []
  })
}

/** Packages that only some rooms may touch. */
const PACKAGE_OWNERS: Readonly<Record<string, RegExp>> = {
  bullmq: /^src\/queue\//,
  ioredis: /^src\/(state\/|(app|canary-line|open-canary|open-delivery|open-http)\.ts)/,
  'json-rules-engine': /^src\/(why\.ts|core\/operators\/|core\/decorators\.ts)/,
  commander: /^src\/(cli\/|main\.ts)/,
  '@slack/webhook': /^src\/notify\//,
  nodemailer: /^src\/notify\//,
  fastify: /^src\/(http|simulator)\//,
  pino: /^src\/observe\//,
  'prom-client': /^src\/observe\//,
}

/** Calls with the one file (or room) that owns them, and what others use instead. */
const BANNED: readonly [name: string, call: RegExp, owner: RegExp][] = [
  ['Date.now: take a Clock', /\bDate\.now\(/, /^src\/clock\.ts$/],
  ['new Date() without a time: take a Clock', /\bnew Date\(\)/, /^$/],
  ['process.env: take it from Cli or Config', /\bprocess\.env\b/, /^src\/main\.ts$/],
  ['process.exit: throw a CommandError', /\bprocess\.exit\(/, /^src\/main\.ts$/],
  ['console: take a Log, or write to Cli', /\bconsole\.(log|error|warn|info|debug)\(/, /^$/],
  ['Math.random: take random', /\bMath\.random\(/, /^$/],
  [
    'AbortSignal.timeout: garbage collection ends it, use startTimeLimit',
    /\bAbortSignal\.timeout\(/,
    /^$/,
  ],
  // The one there is Redis' own EVAL.
  ['eval', /\beval\(|new Function\(/, /^src\/state\/script\.ts$/],
  ['any', /[:<]\s*any\b(?!\()/, /^$/],
  ['TODO and FIXME', /\b(TODO|FIXME|XXX)\b/, /^$/],
]

const NAMES_BANNED = /(^|\/)(utils?|helpers?|common|types|managers?|services?|misc)(\.ts|\/)/

/** Comments and texts may speak of what code must not call. */
function codeOf(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')
}

describe('every source file', () => {
  it('imports only in the directions of the line', () => {
    expect(sources.flatMap(faultsOf)).toEqual([])
  })

  it('is part of no import cycle', () => {
    const edges = new Map(
      sources.map((source) => [
        source.path,
        runtimeImports(source).flatMap((specifier) => targetOf(source, specifier) ?? []),
      ]),
    )
    expect(cyclesIn(edges)).toEqual([])
  })

  it('leaves packages to the rooms that own them', () => {
    const faults = sources.flatMap(({ path, imports }) =>
      imports
        .filter((name) => PACKAGE_OWNERS[name] !== undefined && !PACKAGE_OWNERS[name].test(path))
        .map((name) => `${path} → ${name}`),
    )
    expect(faults).toEqual([])
  })

  it.each(BANNED)('does without %s', (_name, call, owner) => {
    const found = sources
      .filter(({ path, text }) => !owner.test(path) && call.test(codeOf(text)))
      .map(({ path }) => path)
    expect(found).toEqual([])
  })

  it('opens with a sentence that says what it owns', () => {
    const silent = [...sources, ...pages].filter(
      ({ text }) => !/^(#!.*\n)?(\/\/ [A-Z]|\/\*\*)/.test(text),
    )
    expect(silent.map(({ path }) => path)).toEqual([])
  })

  it('is short enough to be read at a sitting', () => {
    const long = [...sources, ...pages]
      .map(({ path, text }) => ({ path, lines: text.split('\n').length }))
      .filter(({ lines }) => lines > FILE_LINES_MAX)
    expect(long).toEqual([])
  })

  it('has lines that fit a screen', () => {
    const wide = sources.flatMap(({ path, text }) =>
      text
        .split('\n')
        .flatMap((line, at) =>
          line.length > COLUMNS_MAX && !UNBREAKABLE.test(line) ? [`${path}:${at + 1}`] : [],
        ),
    )
    expect(wide).toEqual([])
  })

  it('is named after a thing of the field', () => {
    expect(sources.map(({ path }) => path).filter((path) => NAMES_BANNED.test(path))).toEqual([])
  })
})

/** Imports that are there when the program runs: types are erased. */
function runtimeImports({ text }: Source): string[] {
  const found = text.matchAll(/^(?:import|export)\s+(?!type\s)[^'"]*?from '([^']+)'/gm)
  return [...found].map((match) => match[1] as string)
}

function cyclesIn(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const state = new Map<string, 'open' | 'done'>()
  const cycles: string[] = []
  const visit = (path: string, way: readonly string[]) => {
    if (state.get(path) === 'done') return
    if (state.get(path) === 'open') {
      cycles.push([...way.slice(way.indexOf(path)), path].join(' → '))
      return
    }
    state.set(path, 'open')
    for (const next of edges.get(path) ?? []) visit(next, [...way, path])
    state.set(path, 'done')
  }
  for (const path of edges.keys()) visit(path, [])
  return cycles
}

describe('the console', () => {
  it('takes nothing but types from the service', () => {
    const faults = pages.flatMap((page) =>
      runtimeImports(page).filter((specifier) => specifier.startsWith('../../')),
    )
    expect(faults).toEqual([])
  })

  it('never makes markup of text, but in the frame of mails', () => {
    const makes =
      /dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc/i
    const found = pages.filter(({ text }) => makes.test(codeOf(text))).map(({ path }) => path)
    expect(found).toEqual(['console/src/mail-frame.tsx'])
  })
})

describe('documents', () => {
  const documents = ['README.md', 'CHANGELOG.md', ...filesBelow('docs', /\.md$/)].filter((path) =>
    existsSync(join(ROOT, path)),
  )

  it.each(documents)('%s names only files that exist', (path) => {
    const text = readFileSync(join(ROOT, path), 'utf8')
    const links = [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)].map((match) =>
      relative(ROOT, resolve(ROOT, dirname(path), match[1] as string)),
    )
    const named = [
      ...text.matchAll(
        /`((?:src|test|docs|rules|schema|scripts|scenarios|bench)\/[\w./-]*[\w/])`/g,
      ),
    ].map((match) => match[1] as string)
    const missing = [...links, ...named].filter((file) => !existsSync(join(ROOT, file)))
    expect(missing).toEqual([])
  })

  it('of decisions are numbered without gaps', () => {
    const numbers = filesBelow('docs/decisions', /\.md$/).map((path) =>
      Number(/(\d{3})-/.exec(path)?.[1]),
    )
    expect(numbers).toEqual(numbers.map((_, at) => at + 1))
  })

  it('have a changelog with a section for what is not released yet', () => {
    const text = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8')
    expect(text).toMatch(/^## (Unreleased|\d+\.\d+\.\d+)/m)
  })
})

describe('shipped files', () => {
  it('pin every dependency to one version', () => {
    const text = readFileSync(join(ROOT, 'package.json'), 'utf8')
    const { dependencies, devDependencies } = JSON.parse(text) as Record<
      string,
      Record<string, string>
    >
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, version]) => !/^(\d+\.\d+\.\d+|file:stub\/.*)$/.test(version),
    )
    expect(loose).toEqual([])
  })
})
