// Owns the form of what is certain of a comparison before any event is seen, and how it is worded.
import type { FactName } from './event.ts'

export type Certain = {
  readonly holds: boolean
  readonly reason: string
  /** The place inside the value it is about (a JSON pointer). */
  readonly at: string
}

export function never(reason: string): Certain {
  return { holds: false, reason, at: '' }
}

export function opposite(certain: Certain | undefined): Certain | undefined {
  return certain && { ...certain, holds: !certain.holds }
}

/** Why a number outside of a fact's range never comes. */
export function outside(fact: FactName, min: number, max: number): string {
  return `"${fact}" is a number from ${min} to ${max}`
}
