// Owns the tests of the archive: on a real file, with crashes, full disks and rotation, and against
// what OCSF requires of a Detection Finding.
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { open as openFile, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createNdjson } from '../../src/notify/ndjson.ts'
import { ocsfFinding } from '../../src/notify/ocsf.ts'
import { type Bench, describeReceiver, failureOf, testContext } from './contract.ts'
import { messageKinds } from './message-kinds.ts'
import { notificationOf } from './notifications.ts'

const NEVER = new AbortController().signal

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function openFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-archive-'))
  folders.push(folder)
  return folder
}

type NdjsonBench = Bench & { readonly path: string; failure: string | undefined }

/** A file whose writes fail with a code, as on a full disk. */
function failing(file: FileHandle, code: string): FileHandle {
  return new Proxy(file, {
    get(target, key) {
      if (key === 'write') {
        return async () => {
          throw Object.assign(new Error(`${code}: no`), { code })
        }
      }
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

describeReceiver<NdjsonBench>({
  type: 'ndjson',
  async open(context) {
    const path = join(openFolder(), 'alerts.ndjson')
    const bench: NdjsonBench = {
      path,
      failure: undefined,
      receiver: createNdjson({ path }, context, {
        async open(...wanted) {
          const file = await openFile(...wanted)
          return bench.failure === undefined ? file : failing(file, bench.failure)
        },
      }),
      delivered: () => linesOf(path),
      close: () => bench.receiver.close(),
    }
    return bench
  },
  secrets: () => [],
  failureNames: ['a full disk', 'a quota', 'no permission', 'a read-only disk', 'a bad disk'],
  failures: (bench) =>
    [
      ['a full disk', 'ENOSPC', { reason: 'server-error', retryable: true, maybeAccepted: false }],
      ['a quota', 'EDQUOT', { reason: 'server-error', retryable: true }],
      ['no permission', 'EACCES', { reason: 'unauthorized', retryable: false }],
      ['a read-only disk', 'EROFS', { reason: 'unauthorized', retryable: false }],
      ['a bad disk', 'EIO', { reason: 'server-error', retryable: true, maybeAccepted: true }],
    ].map(([name, code, expected]) => ({
      name: name as string,
      expected: expected as object,
      provoke: () => {
        bench.failure = code as string
      },
    })),
  heal(bench) {
    bench.failure = undefined
  },
  checkHarmless: (delivered) => expect(JSON.parse(delivered)).toMatchObject({ class_uid: 2004 }),
  lengthMax: 400_000,
  told: [
    '"severity":"High"',
    'mallory@example.com deleted 12 resources',
    'A-1042',
    'ionos-bulk-delete',
    '203.0.113.42',
    '31720001',
    '"count":12',
    `"start_time":${Date.parse('2026-11-20T09:14:07Z')}`,
    'Ask the user',
    'operation is',
  ],
  reasonWords: (reason) => `"feature":{"name":"${reason}"}`,
  noteWords: ['"possibleRepeat":true', '"disputed":true'],
})

function linesOf(path: string): readonly string[] {
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
}

function openArchive(path: string) {
  return createNdjson({ path }, testContext(), { open: openFile })
}

describe('the archive', () => {
  it('begins its own line after one that a crash cut', async () => {
    const path = join(openFolder(), 'alerts.ndjson')
    const archive = openArchive(path)
    await archive.send(notificationOf(), NEVER)
    appendFileSync(path, '{"class_uid":2004,"fin')
    await archive.send(notificationOf(), NEVER)
    await archive.send(notificationOf(), NEVER)
    const lines = linesOf(path)
    expect(lines).toHaveLength(4)
    expect(lines.map((line) => line.endsWith('}'))).toEqual([true, false, true, true])
  })

  it('is begun again after it was rotated away, in a folder that may be new', async () => {
    const folder = join(openFolder(), 'archive')
    const path = join(folder, 'alerts.ndjson')
    const archive = openArchive(path)
    await archive.send(notificationOf(), NEVER)
    renameSync(path, `${path}.1`)
    await archive.send(notificationOf(), NEVER)
    expect([linesOf(path).length, linesOf(`${path}.1`).length]).toEqual([1, 1])
    expect(statSync(path).mode & 0o007).toBe(0)
  })

  it('of many sends at once, by two processes, has a line for each', async () => {
    const path = join(openFolder(), 'alerts.ndjson')
    const archives = [openArchive(path), openArchive(path)]
    const sends = archives.flatMap((archive) =>
      Array.from({ length: 20 }, () => archive.send(notificationOf(), NEVER)),
    )
    await Promise.all(sends)
    const lines = linesOf(path)
    expect(lines).toHaveLength(40)
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ class_uid: 2004 })
  })

  const PLACES: readonly (readonly [string, (folder: string) => string, string, boolean])[] = [
    ['is a folder', (folder) => folder, 'refused', false],
    [
      'lies below a file',
      (folder) => {
        writeFileSync(join(folder, 'file'), '')
        return join(folder, 'file', 'alerts.ndjson')
      },
      'refused',
      false,
    ],
  ]
  it.each(PLACES)('that %s says so', async (_name, place, reason, retryable) => {
    const archive = openArchive(place(openFolder()))
    const error = await failureOf(archive.send(notificationOf(), NEVER))
    expect(error).toMatchObject({ reason, retryable })
  })

  it.skipIf(process.getuid?.() === 0)('that may not be written says so', async () => {
    const folder = openFolder()
    const path = join(folder, 'closed', 'alerts.ndjson')
    mkdirSync(join(folder, 'closed'))
    chmodSync(join(folder, 'closed'), 0o500)
    const error = await failureOf(openArchive(path).send(notificationOf(), NEVER))
    expect(error).toMatchObject({ reason: 'unauthorized', retryable: false })
  })
})

/**
 * What schema.ocsf.io (1.5.0) requires: of the class Detection Finding and of the objects used in it,
 * and of which keys at least one must be there.
 */
const REQUIRED: readonly (readonly [place: string, keys: readonly string[]])[] = [
  ['', ['activity_id', 'category_uid', 'class_uid', 'finding_info', 'metadata', 'severity_id']],
  ['', ['time', 'type_uid', 'cloud']],
  ['metadata', ['product', 'version']],
  ['metadata.product', ['vendor_name', 'name']],
  ['finding_info', ['uid', 'title']],
  ['finding_info.analytic', ['type_id']],
  ['cloud', ['provider']],
]

function at(value: unknown, place: string): unknown {
  if (place === '') return value
  return place
    .split('.')
    .reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value)
}

describe.each(messageKinds())('as OCSF Detection Finding: %s', (_name, notice) => {
  const finding = ocsfFinding(notice, 'https://tocsin.example.com')

  it('has what the schema requires', () => {
    for (const [place, keys] of REQUIRED) {
      const object = at(finding, place)
      if (object === undefined && place === 'finding_info.analytic') continue
      for (const key of keys) expect(object, `${place}.${key}`).toHaveProperty([key])
    }
  })

  it('has numbers that fit each other, and times in ms', () => {
    const { activity_id: activity, type_uid: type, time } = finding
    expect([finding.category_uid, finding.class_uid]).toEqual([2, 2004])
    expect([1, 2, 3]).toContain(activity)
    expect(type).toBe(200_400 + Number(activity))
    expect([1, 2, 3, 4, 5]).toContain(finding.severity_id)
    expect([1, 2, 3, 4]).toContain(finding.status_id)
    expect(Number(time)).toBeGreaterThan(Date.parse('2020-01-01'))
  })

  it('has evidence with something in each', () => {
    const evidences = (finding.evidences ?? []) as Record<string, unknown>[]
    for (const evidence of evidences) {
      const named = ['actor', 'api', 'src_endpoint', 'data'].filter((key) => key in evidence)
      expect(named.length).toBeGreaterThan(0)
    }
  })
})

describe('the life of an alert', () => {
  const kinds = new Map(messageKinds())
  const cases: readonly (readonly [string, string, string])[] = [
    ['first', 'Create', 'New'],
    ['severity', 'Update', 'New'],
    ['acknowledged', 'Update', 'In Progress'],
    ['resolved', 'Close', 'Suppressed'],
    ['merged', 'Close', 'Resolved'],
    ['withdrawn', 'Close', 'Resolved'],
  ]
  it.each(cases)('%s is %s, %s', (name, activity, state) => {
    const notice = kinds.get(name)
    if (notice === undefined) throw new Error(`no kind ${name}`)
    expect(ocsfFinding(notice)).toMatchObject({ activity_name: activity, status: state })
  })

  it('names the techniques of its rule', () => {
    expect(ocsfFinding(notificationOf())).toMatchObject({
      finding_info: { attacks: [{ technique: { uid: 'T1485' } }] },
    })
  })
})
