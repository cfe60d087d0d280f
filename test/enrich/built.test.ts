// Owns the proof that a build has the data it needs, and that it is not made anew each time.
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { build } from '../../scripts/build.mjs'
import { createClone, createFolder, PROJECT, runProgram, writeFiles } from '../clone.ts'

/** A project of the parts that know addresses, with all packages. */
function createProject(): string {
  const root = createFolder()
  for (const path of [
    'package-lock.json',
    'tsconfig.json',
    'src/core',
    'src/enrich',
    'src/installation.ts',
    'src/observe',
  ]) {
    cpSync(join(PROJECT, path), join(root, path), { recursive: true })
  }
  writeFiles(root, { 'package.json': '{ "type": "module" }' })
  symlinkSync(join(PROJECT, 'node_modules'), join(root, 'node_modules'))
  return root
}

const PROGRAM = `
  import { openEnrichment } from './dist/enrich/geo.js'
  const { look, age } = await openEnrichment({ country: 'builtin', asn: 'builtin' })
  const { country, asn, asOrg } = look('217.160.0.1')
  console.log(JSON.stringify([country, asn, asOrg, age().length]))
`

test('a build finds its data, and keeps the table that an earlier one made', async () => {
  const root = createProject()
  await build(root)
  writeFileSync(join(root, 'program.mjs'), PROGRAM)
  const run = () => runProgram([process.execPath, 'program.mjs'], { cwd: root })
  expect(await run()).toEqual({ code: 0, stdout: '["DE",8560,"IONOS SE",2]\n', stderr: '' })

  // A mark in the earlier table tells whether it was copied.
  const table = join(root, 'dist/enrich/asn.bin')
  const bytes = readFileSync(table)
  bytes.write('IONOS ES', bytes.lastIndexOf('IONOS SE'))
  writeFileSync(table, bytes)
  writeFiles(root, { 'src/more.ts': 'export const more = 1\n' })
  await build(root)
  expect(readFileSync(table).equals(bytes)).toBe(true)

  // Another recipe, another table.
  bytes.fill(0, 32, 64)
  writeFileSync(table, bytes)
  writeFiles(root, { 'src/more.ts': 'export const more = 2\n' })
  await build(root)
  expect(readFileSync(table).includes('IONOS ES')).toBe(false)
})

test('a build without the lists of networks says what to do', async () => {
  const root = createClone({ 'src/enrich/none.ts': 'export const none = 1\n' })
  await expect(build(root)).rejects.toMatchObject({
    message: 'the lists of networks are not installed',
    remedy: expect.stringContaining('npm ci --include=dev'),
  })
})
