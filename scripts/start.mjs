// Owns `npm start`: set-up, then the service, or the demo where there are no credentials.
import { readFileSync } from 'node:fs'
import { setUpOrExit } from './setup.mjs'

/** How often it looks whether npm still lives. */
const PARENT_POLL_MS = 500
const SHELLS = new Set(['sh', 'dash', 'bash', 'ash', 'ksh', 'mksh', 'zsh', 'busybox'])

await setUpOrExit()
stopWithNpm()
const { run } = await import('../dist/main.js')
process.exitCode = await run(await chooseCommand(process.argv.slice(2)))

/** What was asked for; options alone go to the service, or to the demo. */
async function chooseCommand(args) {
  const [first] = args
  if (first !== undefined && !first.startsWith('-')) return args
  if (args.some((arg) => ['--help', '-h', '--version', '-V'].includes(arg))) return args
  if (await hasCredentials(args)) return ['serve', ...args]
  console.error(
    'No credentials for IONOS are set, so this is the demo, with a simulated Activity Log. ' +
      'The real one: IONOS_TOKEN=… npm start',
  )
  return ['demo', ...args]
}

/** A configuration with problems counts: the service then tells what they are. */
async function hasCredentials(args) {
  const { loadConfig } = await import('../dist/config-file.js')
  const { config } = await loadConfig({
    env: process.env,
    cwd: process.cwd(),
    file: configFile(args),
  })
  return config === undefined || config.ionos.credentials !== undefined
}

function configFile(args) {
  const index = args.indexOf('--config')
  if (index >= 0) return args[index + 1]
  return args.find((arg) => arg.startsWith('--config='))?.slice('--config='.length)
}

/**
 * npm killed with SIGKILL can't tell us; the service would go on in a terminal that looks free.
 * A shell between npm and us lives on, so its parent is watched then.
 */
function stopWithNpm() {
  if (process.env.npm_lifecycle_event === undefined) return
  const { ppid } = process
  const shell = parentOf(ppid)
  const npm = shell !== undefined && SHELLS.has(shell.name) ? shell.parent : undefined
  const timer = setInterval(() => {
    const isOrphan = process.ppid !== ppid || (npm !== undefined && parentOf(ppid)?.parent !== npm)
    if (!isOrphan) return
    clearInterval(timer)
    process.kill(process.pid, 'SIGTERM')
  }, PARENT_POLL_MS)
  timer.unref()
  // Ctrl-C may end the shell before us: we are stopping already, and a second signal means now.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => clearInterval(timer))
}

/** Name and parent of a process, where there is /proc. */
function parentOf(pid) {
  try {
    const [, name, parent] =
      /^\d+ \((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
    return { name, parent: Number(parent) }
  } catch {
    return undefined
  }
}
