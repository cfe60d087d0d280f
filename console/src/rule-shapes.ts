// Owns what the pages about rules get from the API, and the words both use for it.
import type { WhyView } from '../../src/http/alert-view.ts'
import type { RuleRow, RuleView } from '../../src/http/rule-view.ts'

export type { RuleRow, RuleView }

export type RulesAnswer = {
  readonly version: string
  readonly rules: readonly RuleRow[]
  readonly problems: readonly RuleProblem[]
}

export type RuleProblem = {
  readonly level: 'error' | 'warning'
  readonly place: string
  readonly message: string
}

export type Explained = {
  readonly problems: readonly RuleProblem[]
  readonly verdict?: boolean
  readonly why?: WhyView
  readonly exceptions?: readonly WhyView[]
  readonly facts?: Readonly<Record<string, unknown>>
  readonly message?: {
    readonly slack: { readonly text: string; readonly blocks: readonly unknown[] }
    readonly mail: { readonly subject: string; readonly text: string; readonly html: string }
  }
}

/** The tactics of ATT&CK for enterprises, in the order of an attack. */
export const TACTICS = [
  'reconnaissance',
  'resource-development',
  'initial-access',
  'execution',
  'persistence',
  'privilege-escalation',
  'defense-evasion',
  'credential-access',
  'discovery',
  'lateral-movement',
  'collection',
  'command-and-control',
  'exfiltration',
  'impact',
] as const

/** `attack.t1485` → `T1485`; undefined for other tags. */
export function techniqueOf(tag: string): string | undefined {
  const id = /^attack\.(t\d{4}(\.\d{3})?)$/i.exec(tag)?.[1]
  return id?.toUpperCase()
}

export function noiseText({ noise }: Pick<RuleRow, 'noise'>): string {
  if (noise.resolved === 0) return '–'
  return `${Math.round((noise.falsePositives / noise.resolved) * 100)} %`
}
