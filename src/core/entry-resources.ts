// Owns reading `event.resources` of an entry, and which of them is the main one. Not resources
// named by a URI: resource-path.ts.
import type { Resource } from './event.ts'
import { fieldsOf, isFields, scalarOf, textOf } from './fields.ts'
import { typeOf } from './resource-path.ts'

export type EntryResources = {
  readonly resources: readonly Resource[] | undefined
  readonly resourceTypes: readonly string[] | undefined
  readonly actions: readonly string[] | undefined
  /** The first resource with an action, else the first: others stand beside it untouched. */
  readonly main: Resource | undefined
}

/** Resources of one entry that become facts; a request touches a handful. */
export const RESOURCES_MAX = 1_000

/** Actions of one resource that become facts. */
export const ACTIONS_MAX = 100

const NO_ACTIONS: readonly string[] = Object.freeze([])

const ABSENT: EntryResources = {
  resources: undefined,
  resourceTypes: undefined,
  actions: undefined,
  main: undefined,
}

/** All resources of an entry; what is no object among them is left out. */
export function readResources(value: unknown): EntryResources {
  if (!Array.isArray(value)) return isFields(value) ? readResources([value]) : ABSENT
  const resources: Resource[] = []
  const resourceTypes: string[] = []
  const actions: string[] = []
  let main: Resource | undefined
  const count = Math.min(value.length, RESOURCES_MAX)
  for (let index = 0; index < count; index += 1) {
    const item: unknown = value[index]
    if (!isFields(item)) continue
    const resource = readResource(item)
    resources.push(resource)
    if (resource.type !== undefined) resourceTypes.push(resource.type)
    for (const action of resource.actions) actions.push(action)
    if (main === undefined || (main.actions.length === 0 && resource.actions.length > 0)) {
      main = resource
    }
  }
  return { resources, resourceTypes, actions, main }
}

function readResource(item: unknown): Resource {
  const { type, id, action } = fieldsOf(item)
  const name = textOf(type)
  return {
    type: name === undefined ? undefined : typeOf(name),
    id: scalarOf(id),
    actions: readActions(action),
  }
}

/** The log writes a list; a single string is taken too. */
function readActions(value: unknown): readonly string[] {
  if (!Array.isArray(value)) {
    const single = textOf(value)
    return single === undefined ? NO_ACTIONS : [single]
  }
  const actions: string[] = []
  const count = Math.min(value.length, ACTIONS_MAX)
  for (let index = 0; index < count; index += 1) {
    const action = textOf(value[index])
    if (action !== undefined) actions.push(action)
  }
  return actions
}
