// Owns what a JSON Schema says about a place in a text that is being written: which names and values
// fit there, and what they mean. It knows nothing of the editor that shows it.
import { findNodeAtLocation, getLocation, getNodeValue, type Node, parseTree } from 'jsonc-parser'

/** The part of JSON Schema that schema/ uses. */
export type Schema = {
  readonly $ref?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly examples?: readonly unknown[]
  readonly default?: unknown
  readonly type?: string
  readonly definitions?: Readonly<Record<string, Schema>>
}

export type Suggestion = {
  /** What is offered, without quotes. */
  readonly label: string
  readonly about: string | undefined
  readonly kind: 'key' | 'value'
  /** What is written in the place of `from` to `to`. */
  readonly text: string
}

export type Suggestions = {
  readonly from: number
  readonly to: number
  readonly found: readonly Suggestion[]
}

type Segment = string | number

/** Alternatives of alternatives: more means that a schema refers to itself. */
const DEPTH_MAX = 20

/** What may stand at `offset`; undefined where nothing is known. */
export function suggest(schema: Schema, text: string, offset: number): Suggestions | undefined {
  const location = getLocation(text, offset)
  const root = parseTree(text, [], { allowTrailingComma: true })
  const { from, to } = spanOf(location.previousNode, offset)
  if (location.isAtPropertyKey) {
    const parent = location.path.slice(0, -1)
    const present = keysAt(root, parent)
    const own = location.previousNode?.type === 'property' ? nameOf(location.previousNode) : ''
    const isFollowed = /^\s*:/.test(text.slice(to))
    const options = new Map<string, Schema>()
    for (const one of schemasAt(schema, parent, root)) {
      for (const [name, property] of Object.entries(one.properties ?? {})) {
        if (name === own || !present.includes(name)) options.set(name, property)
      }
    }
    const found = [...options].map(([label, property]) => ({
      label,
      about: aboutOf(property, schema),
      kind: 'key' as const,
      text: isFollowed ? JSON.stringify(label) : `${JSON.stringify(label)}: `,
    }))
    return found.length === 0 ? undefined : { from, to, found }
  }
  const found = schemasAt(schema, location.path, root).flatMap(valuesOf)
  const unique = [...new Map(found.map((one) => [one.text, one])).values()]
  return unique.length === 0 ? undefined : { from, to, found: unique }
}

/** What the key or value at `offset` means; undefined where the schema is silent. */
export function explain(schema: Schema, text: string, offset: number): string | undefined {
  const { path, isAtPropertyKey, previousNode } = getLocation(text, offset)
  if (previousNode === undefined) return undefined
  const schemas = schemasAt(schema, path, parseTree(text, []))
  if (isAtPropertyKey) return schemas.map((one) => aboutOf(one, schema)).find(Boolean)
  const value: unknown = previousNode.value
  const named = schemas.find((one) => 'const' in one && one.const === value)
  return named?.description
}

/** Where in the text a JSON pointer leads: what is there, or what should hold it. */
export function spanAt(
  text: string,
  pointer: string,
): { readonly from: number; readonly to: number } {
  const root = parseTree(text, [])
  if (root === undefined) return { from: 0, to: 0 }
  const path: Segment[] = []
  let node = root
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    path.push(/^\d+$/.test(name) ? Number(name) : name)
    const next =
      findNodeAtLocation(root, path) ?? findNodeAtLocation(root, [...path.slice(0, -1), name])
    if (next === undefined) break
    node = next
  }
  const whole = node.parent?.type === 'property' ? node.parent : node
  // Of something long only its beginning is marked.
  const end = text.indexOf('\n', whole.offset)
  const to = whole.offset + whole.length
  return { from: whole.offset, to: end < 0 ? to : Math.min(to, Math.max(end, whole.offset)) }
}

function spanOf(node: Node | undefined, offset: number) {
  if (node === undefined || offset > node.offset + node.length) return { from: offset, to: offset }
  return { from: node.offset, to: node.offset + node.length }
}

function nameOf(node: Node): string {
  return String(node.value ?? node.children?.[0]?.value ?? '')
}

function keysAt(root: Node | undefined, path: readonly Segment[]): readonly string[] {
  const node = root === undefined ? undefined : findNodeAtLocation(root, [...path])
  return node?.type === 'object' ? (node.children ?? []).map(nameOf) : []
}

/** Every schema that the value at `path` may have; what its other keys rule out is left out. */
function schemasAt(
  schema: Schema,
  path: readonly Segment[],
  root: Node | undefined,
): readonly Schema[] {
  let found = alternatives(schema, schema)
  path.forEach((segment, depth) => {
    const holder = root === undefined ? undefined : findNodeAtLocation(root, path.slice(0, depth))
    found = fitting(found, holder).flatMap((one) =>
      childrenOf(one, segment).flatMap((child) => alternatives(child, schema)),
    )
  })
  const node = root === undefined ? undefined : findNodeAtLocation(root, [...path])
  return fitting(found, node)
}

function childrenOf(schema: Schema, segment: Segment): readonly Schema[] {
  if (typeof segment === 'number') return schema.items === undefined ? [] : [schema.items]
  const own = schema.properties?.[segment]
  if (own !== undefined) return [own]
  const { additionalProperties: others } = schema
  return typeof others === 'object' ? [others] : []
}

function alternatives(schema: Schema, root: Schema, depth = 0): readonly Schema[] {
  if (depth > DEPTH_MAX) return []
  const referred = schema.$ref === undefined ? [] : [resolve(schema.$ref, root)]
  const others = [...referred, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]
  return [schema, ...others.flatMap((one) => alternatives(one, root, depth + 1))]
}

function resolve(reference: string, root: Schema): Schema {
  return root.definitions?.[reference.replace('#/definitions/', '')] ?? {}
}

/** Those that allow the keys that are there, or all of them where none does. */
function fitting(schemas: readonly Schema[], node: Node | undefined): readonly Schema[] {
  if (node?.type !== 'object') return schemas
  const value = getNodeValue(node) as Readonly<Record<string, unknown>>
  const keys = Object.keys(value).filter((key) => key !== '')
  const fit = schemas.filter(({ properties, additionalProperties }) => {
    if (properties === undefined) return true
    return keys.every((key) => {
      const own = properties[key]
      if (own === undefined) return additionalProperties !== false
      return !('const' in own) || own.const === value[key]
    })
  })
  return fit.some(({ properties }) => properties !== undefined) ? fit : schemas
}

function valuesOf(schema: Schema): readonly Suggestion[] {
  const { description } = schema
  const values = [
    ...('const' in schema ? [schema.const] : []),
    ...(schema.enum ?? []),
    ...(schema.examples ?? []),
    ...('default' in schema ? [schema.default] : []),
    ...(schema.type === 'boolean' ? [true, false] : []),
  ]
  return values.flatMap((value) => {
    if (typeof value === 'object') return []
    const about = 'const' in schema ? description : undefined
    const text = JSON.stringify(value)
    const label = typeof value === 'string' ? value : text
    return [{ label, about, kind: 'value' as const, text }]
  })
}

function aboutOf(schema: Schema, root: Schema): string | undefined {
  return alternatives(schema, root).find(({ description }) => description !== undefined)
    ?.description
}
