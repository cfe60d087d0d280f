// Owns what a route of the API is: its place, who may use it, the shapes of what goes in and comes
// out, and what it does. The server serves routes, openapi.ts describes them: from one declaration.
import type { z } from 'zod'
import type { Principal } from './door.ts'
import type { ApiRole } from './http-config.ts'

type Shape = z.ZodType

/** What a handler gets: checked against the shapes of its route. */
export type Asked<P, Q, B> = {
  readonly params: P
  readonly query: Q
  readonly body: B
  readonly principal: Principal
  /** The value of If-Match, as it was sent. */
  readonly ifMatch: string | undefined
  /** Whether a page asks, not a program. */
  readonly isBrowser: boolean
}

export type Answer<T> = {
  readonly body: T
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** What the session's cookie becomes. */
  readonly session?: { readonly value: string; readonly seconds: number }
}

export type Route = {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** With `:name` for parameters. */
  readonly path: string
  /** `anyone` needs no token. */
  readonly role: ApiRole | 'anyone'
  readonly summary: string
  readonly about?: string
  readonly params?: Shape
  readonly query?: Shape
  readonly body?: Shape
  /** What comes back with `status`, 200 where nothing else is said. */
  readonly answer: Shape
  readonly status?: number
  /** Whether If-Match says which version of an alert is meant. */
  readonly takesIfMatch?: boolean
  readonly bodyBytesMax?: number
  readonly handle: (asked: Asked<unknown, unknown, unknown>) => Promise<Answer<unknown>>
}

type Inferred<S extends Shape | undefined> = S extends Shape ? z.output<S> : undefined

type Declared<
  P extends Shape | undefined,
  Q extends Shape | undefined,
  B extends Shape | undefined,
  A extends Shape,
> = Omit<Route, 'params' | 'query' | 'body' | 'answer' | 'handle'> & {
  readonly params?: P
  readonly query?: Q
  readonly body?: B
  readonly answer: A
  readonly handle: (
    asked: Asked<Inferred<P>, Inferred<Q>, Inferred<B>>,
  ) => Promise<Answer<z.input<A>>>
}

/** Declares a route; its handler sees the types of its shapes. */
export function route<
  A extends Shape,
  P extends Shape | undefined = undefined,
  Q extends Shape | undefined = undefined,
  B extends Shape | undefined = undefined,
>(declared: Declared<P, Q, B, A>): Route {
  return declared as unknown as Route
}
