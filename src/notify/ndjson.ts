// Owns the archive: every notice as one line of a file, as an OCSF Detection Finding (ocsf.ts). It is
// on the disk when `send` resolves, and a crash at any moment spoils at most the line being written.
import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import type { Notice } from '../core/digest.ts'
import { ocsfFinding } from './ocsf.ts'
import {
  DeliveryError,
  type DeliveryFailure,
  type Receiver,
  type ReceiverContext,
  type ReceiverKind,
} from './receiver.ts'
import { codeOf, redactError } from './redact.ts'

const PATH_LENGTH_MAX = 4_096
/** Readable by the service's user and group: an archive tells who did what. */
const FILE_MODE = 0o640

const schema = z.strictObject({
  path: z
    .string()
    .min(1, 'must be the path of a file')
    .max(PATH_LENGTH_MAX)
    .refine((text) => !text.includes('\0'), 'must be the path of a file')
    .describe('File that lines are appended to; renamed or removed, it is begun again'),
})

export type NdjsonConfig = z.infer<typeof schema>

export const ndjson = {
  type: 'ndjson',
  schema,
  paceMsDefault: 0,
  // An archive with gaps is none.
  budgetDefault: 'off',
  stateful: () => true,
  readBy: 'programs',
  create: (config, context) => createNdjson(config, context, { open }),
} satisfies ReceiverKind<NdjsonConfig>

/** Opening files is a parameter so that full disks can be tried out. */
type Files = { readonly open: (path: string, flags: string, mode: number) => Promise<FileHandle> }

export function createNdjson(
  { path }: NdjsonConfig,
  context: ReceiverContext,
  files: Files,
): Receiver {
  const { name, publicUrl } = context
  const operation = `append to receiver ${name}`
  let closed = false
  // One at a time: lines of one process never mix, and those of several are one write each.
  let last: Promise<unknown> = Promise.resolve()

  const append = async (notice: Notice, signal: AbortSignal) => {
    if (closed || signal.aborted) {
      const message = `${operation}: ${closed ? 'closed' : 'cancelled'}`
      throw new DeliveryError(message, { reason: 'aborted', retryable: true })
    }
    const line = `${JSON.stringify(ocsfFinding(notice, publicUrl))}\n`
    await appendLine(path, line, files).catch((error: unknown) => {
      throw failureOf(operation, error)
    })
  }

  return {
    name,
    type: 'ndjson',
    send(notice, signal) {
      const sending = last.then(() => append(notice, signal))
      last = sending.catch(() => {})
      return sending
    },
    async close() {
      closed = true
      await last
    },
  }
}

/** The file is opened for each line, so that whoever rotates it has nothing to tell us. */
async function appendLine(path: string, line: string, files: Files): Promise<void> {
  const file = await openToAppend(path, files)
  try {
    const whole = (await isTorn(file)) ? `\n${line}` : line
    const bytes = Buffer.from(whole)
    // Not `appendFile`: it would go on after a short write, perhaps into somebody else's line.
    const { bytesWritten } = await file.write(bytes)
    if (bytesWritten < bytes.length) {
      throw Object.assign(new Error('only a part was written'), { code: 'ENOSPC' })
    }
    await file.datasync()
  } finally {
    await file.close()
  }
}

/** For reading, too: to see whether the last line was ended. Its folder may be new. */
async function openToAppend(path: string, files: Files): Promise<FileHandle> {
  try {
    return await files.open(path, 'a+', FILE_MODE)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    await mkdir(dirname(path), { recursive: true })
    return files.open(path, 'a+', FILE_MODE)
  }
}

/** A crash or a full disk may have cut the last line: ours must not continue it. */
async function isTorn(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat()
  if (size === 0) return false
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1)
  return buffer[0] !== 0x0a
}

type Verdict = {
  readonly reason: DeliveryFailure
  readonly retryable: boolean
  readonly what: string
}

/** What is not here, such as a full or failing disk, passes by itself or by somebody's hand. */
const VERDICTS: Readonly<Record<string, Verdict>> = {
  EACCES: { reason: 'unauthorized', retryable: false, what: 'not allowed to write there' },
  EPERM: { reason: 'unauthorized', retryable: false, what: 'not allowed to write there' },
  EROFS: { reason: 'unauthorized', retryable: false, what: 'the file system is read-only' },
  EISDIR: { reason: 'refused', retryable: false, what: 'it is a folder' },
  ENOTDIR: { reason: 'refused', retryable: false, what: 'a part of its path is no folder' },
  EEXIST: { reason: 'refused', retryable: false, what: 'a part of its path is no folder' },
  ENAMETOOLONG: { reason: 'refused', retryable: false, what: 'its path is too long' },
  ENOSPC: { reason: 'server-error', retryable: true, what: 'the disk is full' },
  EDQUOT: { reason: 'server-error', retryable: true, what: 'the quota is used up' },
}

function failureOf(operation: string, error: unknown): DeliveryError {
  const code = codeOf(error) ?? 'unknown'
  const verdict = VERDICTS[code]
  return new DeliveryError(`${operation}: ${verdict?.what ?? 'it failed'} (${code})`, {
    reason: verdict?.reason ?? 'server-error',
    retryable: verdict?.retryable ?? true,
    // The line may be there: the write can have worked before what failed.
    maybeAccepted: code === 'EIO' || code === 'unknown',
    cause: redactError(error, []),
  })
}
