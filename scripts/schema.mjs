// Owns schema/: writes the JSON Schemas of rules and configuration that the built code gives. Run
// after a build, when facts, operators or keys have changed: node scripts/schema.mjs
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PROJECT = fileURLToPath(new URL('..', import.meta.url))

const { createSchemas } = await import(join(PROJECT, 'dist/core/rule-schema.js'))
const { createConfigSchema } = await import(join(PROJECT, 'dist/config.js'))
const schemas = { ...createSchemas(), 'config.schema.json': createConfigSchema() }
for (const [name, schema] of Object.entries(schemas)) {
  writeFileSync(join(PROJECT, 'schema', name), `${JSON.stringify(schema, undefined, 2)}\n`)
  console.log(`schema/${name}`)
}
