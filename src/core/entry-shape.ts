// Owns which fields entries are known to have, so that a misspelt path is noticed. Entries may hold
// more: this only warns. Source: the API's description and its official clients.
import { nearestName } from './suggest.ts'

type Shape = { readonly [field: string]: Shape | true }

const ENTRY: Shape = {
  '@uuid': true,
  meta: {
    auditVersion: true,
    time: true,
    requestId: true,
    queueRefId: true,
    transactionId: true,
  },
  principal: {
    sourceIP: true,
    sourceService: true,
    serviceHost: true,
    identity: { contractNumber: true, username: true },
  },
  event: {
    type: true,
    status: true,
    message: true,
    param: {
      action: true,
      uri: true,
      initiator: true,
      sourceService: true,
      errorCode: true,
      error: { httpStatus: true, messages: { errorCode: true, message: true } },
    },
    resources: { id: true, type: true, action: true },
  },
}

type Step = { readonly kind: 'name'; readonly name: string } | { readonly kind: 'index' | 'each' }

/** What is wrong with a path into an entry of the Activity Log; undefined when it is a known one. */
export function entryShapeProblem(steps: readonly Step[]): string | undefined {
  const [first] = steps
  // A path that begins elsewhere may be meant for another log altogether.
  if (first?.kind !== 'name' || !Object.hasOwn(ENTRY, first.name)) return undefined
  let shape: Shape | true = ENTRY
  for (const step of steps) {
    if (step.kind !== 'name' || shape === true) continue
    if (!Object.hasOwn(shape, step.name)) {
      const near = nearestName(step.name, Object.keys(shape))
      if (near === undefined) return undefined
      const found = `no entry of the Activity Log is known to have ${JSON.stringify(step.name)} there`
      return `${found}, did you mean ${JSON.stringify(near)}?`
    }
    shape = shape[step.name] as Shape | true
  }
  return undefined
}
