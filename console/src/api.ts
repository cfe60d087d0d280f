// Owns asking the API: one function, its failures as what a person can do about them, and telling
// when the session is over.
import type { ProblemBody } from '../../src/http/problem.ts'

/** A request that failed; `message` is for people. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: ProblemBody['code'] | 'offline'
  readonly faults: NonNullable<ProblemBody['faults']>

  constructor(
    code: ApiError['code'],
    message: string,
    faults: NonNullable<ProblemBody['faults']> = [],
  ) {
    super(message)
    this.code = code
    this.faults = faults
  }
}

type Asking = {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly body?: unknown
  readonly ifMatch?: string | undefined
  readonly signal?: AbortSignal
}

/** Set by the app: what to do when a token is needed. */
let onUnauthorized: () => void = () => {}

export function whenUnauthorized(act: () => void): void {
  onUnauthorized = act
}

/** Asks and gives the answer's body. Throws an ApiError. */
export async function ask<T>(path: string, asking: Asking = {}): Promise<T> {
  const { method = 'GET', body, ifMatch, signal } = asking
  const headers: Record<string, string> = {}
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (ifMatch !== undefined) headers['if-match'] = ifMatch
  let response: Response
  try {
    response = await fetch(path, {
      method,
      headers,
      credentials: 'same-origin',
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal !== undefined && { signal }),
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw new ApiError('offline', 'Tocsin does not answer. It is asked again as soon as it does.')
  }
  if (response.ok) return (await response.json()) as T
  const problem = (await response.json().catch(() => ({}))) as Partial<ProblemBody>
  if (response.status === 401 && path !== '/api/session') onUnauthorized()
  const text = [problem.title, problem.detail].filter(Boolean).join(': ')
  throw new ApiError(problem.code ?? 'internal', text || `It answered ${response.status}.`, [
    ...(problem.faults ?? []),
  ])
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

type QueryValue = string | number | readonly string[] | undefined

/** `?a=b&c=d` of what is not empty; a list gives its key several times. */
export function queryText(values: Readonly<Record<string, QueryValue>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) {
    if (Array.isArray(value)) for (const one of value as readonly string[]) query.append(name, one)
    else if (value !== undefined && value !== '') query.set(name, String(value))
  }
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}
