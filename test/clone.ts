// Owns small stand-ins for a clone of the project, so that scripts can be tried without npm.
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

export const PROJECT = fileURLToPath(new URL('..', import.meta.url))

/** An empty folder that is removed after the test. */
export function createFolder(): string {
  const folder = mkdtempSync('/tmp/tocsin-clone-')
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export function writeFiles(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text, { mode: text.startsWith('#!') ? 0o755 : 0o644 })
  }
}

/**
 * A clone with the project's scripts and settings, these sources, and packages that look freshly
 * installed. Only the compiler is really there.
 */
export function createClone(sources: Readonly<Record<string, string>>): string {
  const root = createFolder()
  for (const path of ['scripts', 'package.json', 'package-lock.json', 'tsconfig.json']) {
    cpSync(join(PROJECT, path), join(root, path), { recursive: true })
  }
  writeFiles(root, sources)
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8')
  writeFiles(root, { 'node_modules/.package-lock.json': lock })
  for (const name of ['typescript', '@typescript', '@types', 'undici-types']) {
    symlinkSync(join(PROJECT, 'node_modules', name), join(root, 'node_modules', name))
  }
  return root
}

export type Outcome = {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end; `env` is all it gets besides PATH and where Redis is. */
export async function runProgram(
  command: readonly [string, ...string[]],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<Outcome> {
  const [program, ...args] = command
  const PATH = process.env['PATH'] ?? ''
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { PATH, TOCSIN_DATA_DIR: join(PROJECT, '.tocsin'), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, ...output }
}
