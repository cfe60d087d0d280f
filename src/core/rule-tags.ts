// Owns what tags name of MITRE ATT&CK. Other tags are free words.
import { type Report, reportError, reportWarning } from './shape.ts'
import { nearestName } from './suggest.ts'

/** Tactics of the enterprise matrix, https://attack.mitre.org/tactics/enterprise/. */
const TACTICS = [
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

const PREFIX = 'attack.'
const TECHNIQUE = /^t\d{4}(\.\d{3})?$/
const TACTIC_ID = /^ta\d{4}$/
const TACTIC_WORDS = /^[a-z]+([-_][a-z]+)*$/

/** Reports tags that begin with `attack.` and name neither a tactic nor a technique. */
export function reportTags(tags: readonly string[], report: Report): void {
  for (const [index, tag] of tags.entries()) {
    if (!tag.toLowerCase().startsWith(PREFIX)) continue
    const name = tag.slice(PREFIX.length)
    const pointer = `/tags/${index}`
    if (!tag.startsWith(PREFIX) || !isAttackForm(name)) {
      const message = `${JSON.stringify(tag)} is no ATT&CK tag, expected a tactic such as "attack.impact" or a technique such as "attack.t1485" or "attack.t1078.004"`
      reportError(report, pointer, message)
    } else if (isUnknownTactic(name)) {
      const near = nearestName(name.replaceAll('_', '-'), TACTICS)
      const hint = near === undefined ? '' : `, did you mean "${PREFIX}${near}"?`
      reportWarning(
        report,
        pointer,
        `${JSON.stringify(tag)} is no tactic that is known here${hint}`,
      )
    }
  }
}

/** The techniques among the tags, as ATT&CK writes them: `T1078.004`. */
export function techniquesOf(tags: readonly string[]): readonly string[] {
  return tags
    .filter((tag) => tag.startsWith(PREFIX) && TECHNIQUE.test(tag.slice(PREFIX.length)))
    .map((tag) => tag.slice(PREFIX.length).toUpperCase())
}

/** The tactics among the tags, by name: `initial-access`. */
export function tacticsOf(tags: readonly string[]): readonly string[] {
  return tags
    .filter((tag) => tag.startsWith(PREFIX))
    .map((tag) => tag.slice(PREFIX.length).replaceAll('_', '-'))
    .filter((name) => TACTICS.some((tactic) => tactic === name))
}

function isAttackForm(name: string): boolean {
  return TECHNIQUE.test(name) || TACTIC_ID.test(name) || TACTIC_WORDS.test(name)
}

function isUnknownTactic(name: string): boolean {
  if (!TACTIC_WORDS.test(name)) return false
  return !TACTICS.some((tactic) => tactic === name.replaceAll('_', '-'))
}
