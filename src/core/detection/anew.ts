// Owns which rules lose what their windows remember when rules change, and why. Keys of windows, which
// make it so: rule-window.ts.
import { canonicalJson } from '../canonical-json.ts'
import type { Rule } from '../rule.ts'
import { detectionKey } from './registry.ts'

export type Anew = {
  readonly rule: string
  /** The parts of its `detect` that are others now. */
  readonly changed: readonly string[]
}

/** Rules whose windows start anew; one that is new, or had no `detect`, has nothing to lose. */
export function windowsAnew(
  before: readonly Pick<Rule, 'id' | 'detect'>[],
  after: readonly Pick<Rule, 'id' | 'detect'>[],
): readonly Anew[] {
  const known = new Map(before.map(({ id, detect }) => [id, detect]))
  return after.flatMap(({ id, detect }) => {
    const old = known.get(id)
    if (old === undefined || detect === undefined) return []
    const [one, other] = [parts(detectionKey(old)), parts(detectionKey(detect))]
    const names = new Set([...Object.keys(one), ...Object.keys(other)])
    const changed = [...names].filter((name) => canonical(one[name]) !== canonical(other[name]))
    return changed.length === 0 ? [] : [{ rule: id, changed: changed.map(asWritten).sort() }]
  })
}

function parts(key: string): Readonly<Record<string, unknown>> {
  return JSON.parse(key) as Record<string, unknown>
}

function canonical(value: unknown): string | undefined {
  return value === undefined ? undefined : canonicalJson(value)
}

/** Spans are called without their unit in files. */
function asWritten(name: string): string {
  return name.replace(/Ms$/, '')
}
