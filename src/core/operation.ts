// Owns what an entry says was done: the operation and its outcome. Not which resource: resource-
// path.ts and normalize.ts.
import type { Outcome } from './event.ts'

export type OperationSource = {
  readonly type: string | undefined
  /** Upper case. */
  readonly method: string | undefined
  /** What follows the resource in the request's path, e.g. `stop`. */
  readonly tail: string | undefined
  /** The first action string of the entry, e.g. `sec.user.create`. */
  readonly action: string | undefined
}

/**
 * `create`, `read`, `update`, `delete` or another verb, in lower case: the last part of the action
 * string, else what the type or the method and path say. Undefined when nothing says it.
 */
export function operationOf({ type, method, tail, action }: OperationSource): string | undefined {
  if (action !== undefined) {
    const verb = action.slice(action.lastIndexOf('.') + 1)
    if (verb !== '') return verb.toLowerCase()
  }
  if (type === 'GenerateToken') return 'create'
  switch (method) {
    case 'GET':
    case 'HEAD':
      return 'read'
    case 'POST':
      return tail ?? 'create'
    case 'PUT':
    case 'PATCH':
      return 'update'
    case 'DELETE':
      return 'delete'
    default:
      return undefined
  }
}

/** What became of the operation, from the entry's type and its upper-case status. */
export function outcomeOf(type: string | undefined, status: string | undefined): Outcome {
  if (type === 'Error' || status === 'FAILED') return 'failed'
  if (status === 'DONE') return 'succeeded'
  if (status === 'QUEUED' || status === 'RUNNING') return 'pending'
  return type === 'RequestAccepted' ? 'accepted' : 'unknown'
}
