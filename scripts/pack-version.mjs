// Owns rules/.pack.json: the version of the rule pack, and the digest of the rules it stands for. After
// rules were changed: node scripts/pack-version.mjs 1.1.0. What a version means: docs/upgrade.md.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PROJECT = fileURLToPath(new URL('..', import.meta.url))
const { readRuleFiles } = await import(join(PROJECT, 'dist/ruleset-files.js'))

const [version] = process.argv.slice(2)
if (!/^\d+\.\d+\.\d+$/.test(version ?? '')) {
  console.error('usage: node scripts/pack-version.mjs VERSION, such as 1.1.0')
  process.exit(2)
}
const { files, version: digest } = await readRuleFiles([join(PROJECT, 'rules')])
const rules = files.filter(({ role }) => role === 'rule').length
const text = `${JSON.stringify({ version, rules, digest }, undefined, 2)}\n`
writeFileSync(join(PROJECT, 'rules/.pack.json'), text)
