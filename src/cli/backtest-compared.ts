// Owns the rules a backtest is compared with: another folder, or the configured folders as they are
// in a git revision, put into a temporary folder.
import { execFile } from 'node:child_process'
import { statSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { type Cli, CommandError } from './context.ts'

/** Rule folders to compare with. */
export type Compared = {
  readonly folders: readonly string[]
  /** A file in them as messages name it. */
  readonly nameOf: (path: string) => string
  /** Removes what was made. */
  close(): Promise<void>
}

/** Of all files of one revision: a rule set has a few hundred KB, lists may be large. */
const BYTES_MAX = 268_435_456

const FILES_MAX = 20_000

/** Throws a CommandError when `spec` is neither a folder nor a revision. */
export async function openCompared(
  cli: Cli,
  spec: string,
  folders: readonly string[],
): Promise<Compared> {
  const path = resolve(cli.cwd, spec)
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    return { folders: [path], nameOf: (file) => file, close: async () => undefined }
  }
  const root = await mkdtemp(join(tmpdir(), 'tocsin-compare-'))
  const close = async () => await rm(root, { recursive: true, force: true })
  try {
    const made: string[] = []
    for (const [index, folder] of folders.entries()) {
      const target = join(root, String(index))
      await checkOut(cli, spec, { folder, target })
      made.push(target)
    }
    const nameOf = (file: string) =>
      file.startsWith(root) ? `${spec}:${file.slice(root.length + 1).replace(/^\d+\//, '')}` : file
    return { folders: made, nameOf, close }
  } catch (error) {
    await close()
    throw error
  }
}

type CheckOut = { readonly folder: string; readonly target: string }

/** Where git runs, and for which revision, as messages name it. */
type Git = { readonly cli: Cli; readonly cwd: string; readonly spec: string }

/** Writes the JSON files of a folder, as they are in a revision, to another folder. */
async function checkOut(cli: Cli, spec: string, { folder, target }: CheckOut): Promise<void> {
  await mkdir(target)
  const at = { cli, cwd: folder, spec }
  const prefix = (await git(at, ['rev-parse', '--show-prefix'])).toString().trim()
  const verify = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${spec}^{commit}`]
  const commit = (await git(at, verify)).toString().trim()
  const list = ['ls-tree', '-r', '-z', '-l', '--full-tree', commit]
  const listed = await git(at, prefix === '' ? list : [...list, '--', prefix])
  const files = parseTree(listed.toString(), prefix)
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  if (files.length > FILES_MAX || bytes > BYTES_MAX) {
    throw new CommandError(2, `${spec} has more rules than can be compared with`)
  }
  if (files.length === 0) {
    cli.stderr.write(`${spec} has no rules in ${prefix === '' ? 'its root' : prefix}\n`)
    return
  }
  const input = files.map((file) => `${file.object}\n`).join('')
  const contents = parseBatch(await git(at, ['cat-file', '--batch'], input))
  for (const [index, { path }] of files.entries()) {
    await mkdir(dirname(join(target, path)), { recursive: true })
    await writeFile(join(target, path), contents[index] ?? '')
  }
}

type TreeFile = { readonly path: string; readonly object: string; readonly bytes: number }

/** The JSON files of `git ls-tree -r -z -l`; links and modules are not followed. */
function parseTree(text: string, prefix: string): readonly TreeFile[] {
  return text.split('\0').flatMap((line) => {
    const found = /^100\d{3} blob ([0-9a-f]{40,64}) +(\d+)\t(.+\.json)$/s.exec(line)
    const [, object = '', bytes = '', path = ''] = found ?? []
    if (found === null || !path.startsWith(prefix)) return []
    return { path: path.slice(prefix.length), object, bytes: Number(bytes) }
  })
}

const NEWLINE = 10

/** The contents that `git cat-file --batch` gives, in the order they were asked for. */
function parseBatch(output: Buffer): readonly Buffer[] {
  const contents: Buffer[] = []
  for (let at = 0; at < output.length; ) {
    const end = output.indexOf(NEWLINE, at)
    const bytes = Number(/ (\d+)$/.exec(output.toString('latin1', at, end))?.[1])
    if (end < 0 || Number.isNaN(bytes)) throw new CommandError(3, 'git gave an unexpected answer')
    contents.push(output.subarray(end + 1, end + 1 + bytes))
    at = end + 1 + bytes + 1
  }
  return contents
}

/** Runs git without a shell and gives what it prints. Throws a CommandError. */
async function git({ cli, cwd, spec }: Git, args: readonly string[], input = ''): Promise<Buffer> {
  const env = { ...cli.env, LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0' }
  const options = {
    cwd,
    env,
    maxBuffer: 2 * BYTES_MAX,
    encoding: 'buffer',
    signal: cli.signal,
  } as const
  return await new Promise((done, fail) => {
    const child = execFile('git', args, options, (error, stdout, stderr) => {
      if (error === null) done(stdout)
      else if (cli.signal.aborted) fail(cli.signal.reason as Error)
      else fail(explainGit(spec, error, stderr.toString()))
    })
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })
}

function explainGit(spec: string, error: Error, stderr: string): CommandError {
  const remedy =
    'name a folder of rules, a branch, a tag or a commit; in CI, fetch its history first'
  const isMissing = 'code' in error && error.code === 'ENOENT'
  const [said = ''] = isMissing ? ['git is not installed'] : stderr.trim().split('\n')
  const why = said === '' ? '' : ` (${said})`
  return new CommandError(2, `--compare ${spec}: neither a folder nor a git revision${why}`, remedy)
}
