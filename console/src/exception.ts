// Owns proposing an exception: the JSON of a rule with one more, for what an alert's events share.
// It only writes text; whoever likes it puts it into a pull request.
type Condition = { readonly fact: string; readonly operator: 'equal'; readonly value: string }

/** How long an exception is proposed for: after it somebody looks again. */
const DAYS = 90
const DAY_MS = 86_400_000

/** `user=anna` pairs as the alert page puts them into an address. */
export function readShared(query: URLSearchParams): readonly Condition[] {
  return query.getAll('except').flatMap((pair) => {
    const at = pair.indexOf('=')
    const [fact, value] = [pair.slice(0, at), pair.slice(at + 1)]
    return at > 0 ? [{ fact, operator: 'equal', value } as const] : []
  })
}

export function withException(
  source: unknown,
  shared: readonly Condition[],
  nowMs: number,
): unknown {
  if (typeof source !== 'object' || source === null || shared.length === 0) return source
  const { exceptions = [], ...rest } = source as { exceptions?: readonly unknown[] }
  const values = shared.map(({ fact, value }) => `${fact} ${value}`).join(', ')
  const exception = {
    name: `say here why this is fine: ${values}`.slice(0, 200),
    conditions: { all: shared },
    expires: new Date(nowMs + DAYS * DAY_MS).toISOString().slice(0, 10),
  }
  return { ...rest, exceptions: [...exceptions, exception] }
}
