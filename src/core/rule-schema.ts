// Owns the JSON Schemas of rules, lists and shared conditions, made from what the loader itself
// checks with. They help editors; the loader knows more and has the last word.
import { DECORATOR_NAMES, DECORATORS } from './decorators.ts'
import { FACT_NAMES, FACTS, type FactName, type FactSpec } from './event.ts'
import { OPERATORS } from './operators/registry.ts'
import { RULE_KEYS } from './rule.ts'
import { DETECT_KINDS, kindKey } from './rule-detect-keys.ts'
import { OVERRIDE_KEYS } from './rule-override.ts'
import { ENTRY_KEYS, REPEAT_KEYS, TIME_KEYS } from './rule-test-parse.ts'
import { type JsonSchema, type Keys, record } from './shape.ts'

/** The newest draft whose every keyword the common editors know. */
const DRAFT = 'http://json-schema.org/draft-07/schema#'

const CONDITION: JsonSchema = { $ref: '#/definitions/condition' }

/** The schema of each kind of file, by the name of the schema's file. */
export function createSchemas(): Readonly<Record<string, JsonSchema>> {
  return {
    'rule.schema.json': document('Tocsin rule', {
      ...record(RULE_KEYS).schema,
      definitions: {
        ...conditionDefinitions(),
        detect: detectSchema(),
        testEvent: testEventSchema(),
        testFacts: testFactsSchema({}),
      },
    }),
    'list.schema.json': document('Tocsin list', LIST),
    'conditions.schema.json': document('Tocsin shared conditions', {
      ...namedSchema(CONDITION, 'A condition that rules use as { "condition": "name" }.'),
      definitions: conditionDefinitions(),
    }),
    'overrides.schema.json': document('Tocsin overrides', {
      ...namedSchema(record(OVERRIDE_KEYS).schema, 'What changes of the rule with this id.'),
      definitions: conditionDefinitions(),
    }),
  }
}

function document(title: string, schema: JsonSchema): JsonSchema {
  return { $schema: DRAFT, title, ...schema }
}

function namedSchema(schema: JsonSchema, description: string): JsonSchema {
  return {
    type: 'object',
    properties: { $schema: { type: 'string', description: 'For editors; ignored.' } },
    additionalProperties: { ...schema, description },
  }
}

const LIST: JsonSchema = {
  type: 'object',
  properties: {
    $schema: { type: 'string', description: 'For editors; ignored.' },
    description: { type: 'string', description: 'What is in the list and who keeps it.' },
    kind: {
      oneOf: [
        { const: 'values', description: 'A fact is in the list when it equals an item.' },
        { const: 'cidr', description: 'A fact is in the list when it lies inside an item.' },
      ],
      description: 'How a fact is looked up.',
    },
    items: {
      type: 'array',
      items: { type: ['string', 'number'] },
      description: 'The values; for cidr networks such as "10.0.0.0/8" or single addresses.',
    },
  },
  required: ['kind', 'items'],
  additionalProperties: false,
}

function conditionDefinitions(): JsonSchema {
  const group = (key: 'all' | 'any', about: string) =>
    groupSchema(key, { type: 'array', items: CONDITION, minItems: 1, description: about })
  return {
    condition: {
      anyOf: [
        group('all', 'Holds when every one of them holds.'),
        group('any', 'Holds when at least one of them holds.'),
        groupSchema('not', { ...CONDITION, description: 'Holds when this one does not.' }),
        groupSchema('condition', {
          type: 'string',
          description: 'The name of a shared condition of _conditions.json.',
        }),
        { $ref: '#/definitions/comparison' },
      ],
    },
    comparison: comparisonSchema(),
    fact: {
      oneOf: FACT_NAMES.map((name) => ({ const: name, description: factAbout(FACTS[name]) })),
      description: 'What of the event is looked at.',
    },
    operator: operatorSchema(),
  }
}

const COMMON = {
  name: { type: 'string', description: 'Shown where the verdict is explained.' },
  priority: { type: 'integer', minimum: 1, description: 'Accepted; changes no verdict.' },
} as const

function groupSchema(key: string, schema: JsonSchema): JsonSchema {
  return {
    type: 'object',
    properties: { [key]: schema, ...COMMON },
    required: [key],
    additionalProperties: false,
  }
}

function comparisonSchema(): JsonSchema {
  const params = { type: 'object', description: 'Accepted; no fact takes parameters.' }
  const path = {
    type: 'string',
    description: "A path into the fact, made of $, .name, ['any name'], [0] and [*].",
    examples: ['$.event.param.uri'],
  }
  const fact = { $ref: '#/definitions/fact' }
  return {
    type: 'object',
    properties: {
      fact,
      path,
      operator: { $ref: '#/definitions/operator' },
      value: {
        description: 'What the fact is compared with; { "fact": … } compares with another fact.',
        anyOf: [
          { not: { type: 'object', required: ['fact'] } },
          { type: 'object', properties: { fact, path, params }, additionalProperties: false },
        ],
      },
      params,
      ...COMMON,
    },
    required: ['fact', 'operator', 'value'],
    additionalProperties: false,
  }
}

function operatorSchema(): JsonSchema {
  const operators = [...OPERATORS.values()]
  const names = operators.map(({ name }) => name).join('|')
  const decorators = DECORATOR_NAMES.map((name) => `${name}: ${DECORATORS[name]}`).join('; ')
  return {
    description: 'How the fact is compared with the value.',
    anyOf: [
      {
        oneOf: operators.map(({ name, about, expects }) => ({
          const: name,
          description: `Holds when ${about}. Its value: ${expects}.`,
        })),
      },
      {
        type: 'string',
        pattern: `^((${DECORATOR_NAMES.join('|')}):){1,8}(${names})$`,
        description: `An operator behind decorators. ${decorators}.`,
      },
    ],
  }
}

function factAbout({ about, values }: FactSpec): string {
  return values === undefined ? about : `${about}: ${values.join(', ')}`
}

function detectSchema(): JsonSchema {
  const kinds = Object.entries<{ readonly about: string; readonly keys: Keys }>(DETECT_KINDS)
  return {
    oneOf: kinds.map(([kind, { about, keys }]) => {
      const shape = { ...kindKey.shape, schema: { const: kind } }
      const { schema } = record({ kind: { ...kindKey, shape }, ...keys })
      return { title: kind, description: about, ...schema }
    }),
  }
}

function testEventSchema(): JsonSchema {
  return {
    anyOf: [
      testFactsSchema(TIME_KEYS),
      record(ENTRY_KEYS).schema,
      record(REPEAT_KEYS, 'an object with event and repeat').schema,
    ],
  }
}

/** Facts of an event, or a raw entry under `entry`. */
function testFactsSchema(keys: Keys): JsonSchema {
  const facts = FACT_NAMES.map((name) => [name, factSchema(name)] as const)
  const times = Object.entries(keys).map(
    ([name, { shape, about }]) => [name, { ...shape.schema, description: about }] as const,
  )
  return {
    type: 'object',
    properties: Object.fromEntries<JsonSchema>([...facts, ...times]),
    additionalProperties: false,
  }
}

const FACT_SCHEMAS = {
  string: { type: 'string' },
  number: { type: 'number' },
  strings: { type: 'array', items: { type: 'string' } },
  resources: { type: 'array', items: { type: 'object' } },
  any: {},
} as const

function factSchema(name: FactName): JsonSchema {
  const { type, about, values } = FACTS[name]
  const schema = name === 'time' ? { type: ['number', 'string'] } : FACT_SCHEMAS[type]
  return { ...schema, ...(values !== undefined && { enum: values }), description: about }
}
