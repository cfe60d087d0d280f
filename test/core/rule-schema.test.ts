// The schemas that editors use: fresh, and of one mind with the loader.
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import fastify, { type FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FACT_NAMES } from '../../src/core/event.ts'
import { OPERATORS } from '../../src/core/operators/registry.ts'
import { createSchemas } from '../../src/core/rule-schema.ts'

const PROJECT = join(import.meta.dirname, '../..')
const FIXTURES = join(PROJECT, 'test/fixtures/rules')
const SCHEMAS = createSchemas()

/** The HTTP server's own JSON Schema validator, made strict, judges what is posted to it. */
let server: FastifyInstance

beforeAll(async () => {
  const customOptions = { coerceTypes: false, removeAdditional: false, strict: false } as const
  server = fastify({ ajv: { customOptions } })
  for (const [name, schema] of Object.entries(SCHEMAS)) {
    server.post(`/${name}`, { schema: { body: schema } }, () => 'fine')
  }
  await server.ready()
})

afterAll(async () => {
  await server.close()
})

async function accepts(name: string, text: string): Promise<boolean> {
  const headers = { 'content-type': 'application/json' }
  const answer = await server.inject({ method: 'POST', url: `/${name}`, headers, payload: text })
  return answer.statusCode === 200
}

function described(name: string): unknown {
  return { const: name, description: expect.stringMatching(/\S{3}/) as unknown }
}

describe('schemas', () => {
  test.each(Object.keys(SCHEMAS))('schema/%s is what node scripts/schema.mjs writes', (name) => {
    const written = readFileSync(join(PROJECT, 'schema', name), 'utf8')
    expect(written).toBe(`${JSON.stringify(SCHEMAS[name], undefined, 2)}\n`)
  })

  test('every fact and operator is in the schema with a description', () => {
    expect(SCHEMAS).toMatchObject({
      'rule.schema.json': {
        definitions: {
          fact: { oneOf: FACT_NAMES.map(described) },
          operator: { anyOf: [{ oneOf: [...OPERATORS.keys()].map(described) }, {}] },
        },
      },
    })
  })

  const shipped = readdirSync(join(PROJECT, 'rules'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /^[^_.][^.]*\.json$/.test(basename(name)) && !name.includes('_lists'))
    .sort()
  test('the pack is among what is looked at', () => expect(shipped.length).toBeGreaterThan(60))

  test.each(shipped)('accepts the shipped rule %s', async (name) => {
    const text = readFileSync(join(PROJECT, 'rules', name), 'utf8')
    expect(await accepts('rule.schema.json', text)).toBe(true)
  })

  test('accepts what only the loader can judge, such as rules that warn', async () => {
    const warned = readdirSync(FIXTURES).filter((mistake) => {
      const lines = readFileSync(join(FIXTURES, mistake, 'expected.txt'), 'utf8')
        .trim()
        .split('\n')
      return lines.every((line) => line.startsWith('example.json') && line.includes(': warning: '))
    })
    expect(warned.length).toBeGreaterThan(3)
    for (const mistake of warned) {
      const text = readFileSync(join(FIXTURES, mistake, 'example.json'), 'utf8')
      expect([mistake, await accepts('rule.schema.json', text)]).toEqual([mistake, true])
    }
  })

  test.each([
    'everything-missing',
    'unknown-key',
    'severity-misspelt',
    'status-unknown',
    'title-too-long',
    'id-with-capitals',
    'conditions-empty-all',
    'conditions-all-and-any',
    'conditions-key-misspelt',
    'unknown-fact',
    'unknown-operator',
    'unknown-decorator',
    'value-missing',
    'leaf-key-misspelt',
    'exception-without-name',
    'detect-without-kind',
    'detect-kind-misspelt',
    'threshold-without-count',
    'threshold-key-of-another-kind',
    'duration-with-space',
    'group-by-unknown-fact',
    'group-by-several-values',
    'group-by-twice',
    'sequence-one-step',
    'spike-factor-zero',
    'alert-key-misspelt',
    'alert-field-unknown',
    'alert-severity-step-without-count',
    'test-without-alerts',
    'test-unknown-fact',
    'test-fact-of-another-type',
    'test-fact-impossible-value',
    'test-at-without-sign',
    'test-repeat-too-often',
    'test-until-without-plus',
  ])('an editor marks %s as the loader does', async (mistake) => {
    const text = readFileSync(join(FIXTURES, mistake, 'example.json'), 'utf8')
    expect(await accepts('rule.schema.json', text)).toBe(false)
  })

  test.each<[string, string, string, boolean]>([
    ['a list of values', 'list.schema.json', '{"kind":"values","items":["a",1]}', true],
    ['a list of an unknown kind', 'list.schema.json', '{"kind":"cidrs","items":[]}', false],
    ['a list without items', 'list.schema.json', '{"kind":"cidr"}', false],
    [
      'a shared condition',
      'conditions.schema.json',
      '{"a":{"not":{"fact":"user","operator":"not:in","value":["a"]}}}',
      true,
    ],
    ['a shared condition of nothing', 'conditions.schema.json', '{"a":{"any":[]}}', false],
    ['an override', 'overrides.schema.json', '{"a":{"status":"staged"}}', true],
    ['an override of the title', 'overrides.schema.json', '{"a":{"title":"x"}}', false],
  ])('%s', async (_, name, text, fine) => {
    expect(await accepts(name, text)).toBe(fine)
  })
})
