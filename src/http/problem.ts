// Owns what the API answers when it refuses or fails: RFC 9457 problem details with a stable code.
// It never repeats a secret, nor what went wrong inside.

/** Why a request was refused; the same word is in the answer and in tests. */
export type ProblemCode =
  | 'bad-request'
  | 'unauthorized'
  | 'forbidden'
  | 'foreign-host'
  | 'foreign-origin'
  | 'not-found'
  | 'conflict'
  | 'precondition-required'
  | 'too-large'
  | 'unsupported-media-type'
  | 'rate-limited'
  | 'unavailable'
  | 'internal'

const TITLES: Readonly<Record<ProblemCode, readonly [status: number, title: string]>> = {
  'bad-request': [400, 'The request is not as the API expects it'],
  unauthorized: [401, 'A token is needed'],
  forbidden: [403, 'This token does not allow it'],
  'foreign-host': [403, 'This server does not answer to that name'],
  'foreign-origin': [403, 'The request comes from another page'],
  'not-found': [404, 'There is no such thing'],
  conflict: [412, 'Somebody was faster'],
  'precondition-required': [428, 'An If-Match header is needed'],
  'too-large': [413, 'The request is too large'],
  'unsupported-media-type': [415, 'The body must be JSON'],
  'rate-limited': [429, 'Too many requests'],
  unavailable: [503, 'Not now'],
  internal: [500, 'Something went wrong here'],
}

export type Fault = { readonly pointer: string; readonly message: string }

/** The body of an answer of type `application/problem+json`. */
export type ProblemBody = {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: ProblemCode
  readonly detail?: string
  /** Every place of the request that is wrong. */
  readonly faults?: readonly Fault[]
}

/** Thrown by a handler; becomes the answer. `detail` says what to do, for people. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem'
  readonly code: ProblemCode
  readonly faults: readonly Fault[]

  constructor(code: ProblemCode, detail: string, faults: readonly Fault[] = []) {
    super(detail)
    this.code = code
    this.faults = faults
  }
}

export function problemStatus(code: ProblemCode): number {
  return TITLES[code][0]
}

export function problemBody({ code, message, faults }: HttpProblem): ProblemBody {
  const [status, title] = TITLES[code]
  return {
    type: 'about:blank',
    title,
    status,
    code,
    ...(message !== '' && { detail: message }),
    ...(faults.length > 0 && { faults }),
  }
}

/** What any error becomes; those of the framework have a status, others are ours. */
export function toProblem(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error
  const { statusCode, code } = (error ?? {}) as { statusCode?: number; code?: string }
  if (statusCode === 413) return new HttpProblem('too-large', 'send less in one request')
  if (statusCode === 415) return new HttpProblem('unsupported-media-type', 'send application/json')
  if (statusCode === 429) return new HttpProblem('rate-limited', 'wait a minute, then try again')
  if (statusCode === 404) return new HttpProblem('not-found', 'look at /api/openapi.json')
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    const isJson = code?.startsWith('FST_ERR_CTP') ?? false
    return new HttpProblem('bad-request', isJson ? 'the body is no JSON' : 'it can not be read')
  }
  return new HttpProblem('internal', 'the log says more')
}
