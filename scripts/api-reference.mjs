// Owns docs/api.md: written from the routes of the built code. Run after a build, when routes have
// changed: node scripts/api-reference.mjs
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PROJECT = fileURLToPath(new URL('..', import.meta.url))

const { createReference } = await import(join(PROJECT, 'dist/http/reference.js'))
const { describedRoutes } = await import(join(PROJECT, 'dist/open-http.js'))
writeFileSync(join(PROJECT, 'docs/api.md'), createReference(describedRoutes()))
console.log('docs/api.md')
