// Owns `npm run bench`: runs each benchmark in a process of its own and passes on what it prints.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'

const asked = process.argv.slice(2)
const files = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.bench.mjs'))
  .filter((name) => asked.length === 0 || asked.some((word) => name.includes(word)))
  .sort()

const [cpu] = cpus()
console.log(`Node ${process.version}, ${cpus().length} × ${cpu?.model.trim()}\n`)
for (const name of files) {
  console.log(`── ${name}`)
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, name)], {
    stdio: 'inherit',
  })
  if (status !== 0) process.exitCode = 1
  console.log('')
}
