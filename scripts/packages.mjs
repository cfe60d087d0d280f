// Owns node_modules: whether it is what the lock file says, and installing it with npm.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual, promisify } from 'node:util'
import { SetupError } from './setup-error.mjs'

const execute = promisify(execFile)

/** A fresh install takes 15 s here; a slow line and an empty cache take minutes. */
const INSTALL_TIMEOUT_MS = 900_000
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024
const OUTPUT_LINES_SHOWN = 12
const NETWORK_FAULT =
  /E(?:AI_AGAIN|NOTFOUND|CONNREFUSED|CONNRESET|TIMEDOUT|HOSTUNREACH|NETUNREACH)|ERR_SOCKET_TIMEOUT|network/

/**
 * Why node_modules below `root` needs an install, or undefined when it is what the lock file
 * says. npm writes its own list last, so a crashed install counts as missing.
 */
export function staleReason(root) {
  const wanted = readJson(join(root, 'package-lock.json'))
  if (wanted === undefined) return 'package-lock.json is missing'
  const found = readJson(join(root, 'node_modules', '.package-lock.json'))
  if (found === undefined) return 'packages are not installed'
  const manifest = readJson(join(root, 'package.json'))
  const locked = wanted.packages['']
  for (const kind of ['dependencies', 'devDependencies']) {
    if (!isDeepStrictEqual(manifest?.[kind], locked[kind])) return 'package.json has changed'
  }
  for (const [path, entry] of Object.entries(wanted.packages)) {
    const there = found.packages[path]
    if (path === '' || (there === undefined && mayBeMissing(entry))) continue
    if (there?.version !== entry.version || there?.integrity !== entry.integrity) {
      return `${path.replace(/^.*node_modules\//, '')} is not the version of the lock file`
    }
  }
  return undefined
}

/** npm leaves out what is for another platform, and what only such packages need. */
function mayBeMissing({ optional, os, cpu, libc }) {
  if (!optional) return false
  // Which C library this system has can't be told cheaply; npm knows.
  if (os === undefined || libc !== undefined) return true
  return !os.includes(process.platform) || !(cpu ?? [process.arch]).includes(process.arch)
}

/** Installs exactly what the lock file says, with the tools. Throws SetupError. */
export async function installPackages(root, env = process.env) {
  const npm = npmCommand(env)
  const flags = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']
  try {
    await execute(npm.command, [...npm.args, ...flags], {
      cwd: root,
      env,
      timeout: INSTALL_TIMEOUT_MS,
      maxBuffer: OUTPUT_BYTES_MAX,
    })
  } catch (error) {
    throw installError(error)
  }
}

function installError(error) {
  if (error.code === 'ENOENT') {
    return new SetupError('npm was not found', 'install npm: it comes with Node from nodejs.org')
  }
  const output = `${error.stderr ?? ''}\n${error.stdout ?? ''}`.trim()
  const shown = output.split('\n').slice(0, OUTPUT_LINES_SHOWN).join('\n  ')
  return new SetupError(`npm ci failed:\n  ${shown || error.message}`, installRemedy(output))
}

function installRemedy(output) {
  if (/EUSAGE/.test(output)) {
    return 'package.json and package-lock.json disagree: run `npm install` and look at the change'
  }
  if (/EACCES|EPERM|EROFS/.test(output)) return 'make this folder writable for your user'
  if (NETWORK_FAULT.test(output)) {
    return 'the registry of npm was not reached: check the network, HTTPS_PROXY and `npm config get registry`'
  }
  return 'run `npm ci` by hand to see more; removing node_modules often helps'
}

/** The npm that runs us, else the one on PATH; another package manager would ignore the lock. */
function npmCommand(env) {
  const cli = env.npm_execpath
  if (cli?.endsWith('npm-cli.js')) return { command: process.execPath, args: [cli] }
  return { command: 'npm', args: [] }
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}
