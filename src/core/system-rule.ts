// Owns what the system says about itself: the rules of its own alerts, what each means and what to
// do. Raising and clearing them: ../system-alerts.ts.
import type { AlertRule } from './alert.ts'
import type { Severity } from './severity.ts'

export type SystemRule = AlertRule & { readonly severity: Severity }

/** For what concerns no contract, such as rules that do not load. */
export const SYSTEM_CONTRACT = 'tocsin'

/** Stands where other alerts name the version of the rules. */
export const SYSTEM_RULE_SET = 'system'

const TEXTS = {
  'tocsin-blind': {
    title: 'The Activity Log can not be read',
    severity: 'critical',
    description:
      'No read of this contract has succeeded for a while. Nothing is detected meanwhile; what happens now is read and judged when reading works again.',
    runbook:
      '1. `tocsin doctor` says what fails. 2. On 401 or 403: make a new token (DCD: Management > Token Manager) and set IONOS_TOKEN. 3. Else check the network, HTTPS_PROXY and the status page of IONOS.',
  },
  'tocsin-token-expiring': {
    title: 'The API token ends soon',
    severity: 'medium',
    description: 'When it has ended, the Activity Log can not be read any more.',
    runbook:
      '1. Make a new token in the DCD (Management > Token Manager). 2. Put it where the old one is (IONOS_TOKEN or its file). 3. Restart the service. 4. `tocsin doctor` shows until when the new one lasts.',
  },
  'tocsin-lagging': {
    title: 'Evaluation lags behind the log',
    severity: 'high',
    description:
      'Entries were read but are not judged yet: alerts come late. Nothing is lost while they wait.',
    runbook:
      '1. Look at the load of the evaluating processes and of Redis. 2. Start another `tocsin serve --only evaluate`. 3. If one batch fails again and again, the log says which.',
  },
  'tocsin-gap': {
    title: 'A span of the log was not read completely',
    severity: 'high',
    description:
      'Something in this span may be missing: rules about it may have been silent or wrong. Absences are not claimed across it.',
    runbook:
      '1. `tocsin coverage` shows the span. 2. Look at it in the DCD. 3. `tocsin fetch --from … --to …` and `tocsin backtest --input …` judge it afterwards.',
  },
  'tocsin-delivery-failed': {
    title: 'A receiver was not told',
    severity: 'high',
    description: 'A notification was refused for good, or tried until it was too old.',
    runbook:
      '1. `tocsin deliveries list` shows what and why. 2. Mend the receiver; try it with `tocsin send-test`. 3. `tocsin deliveries retry` sends what is dead again.',
  },
  'tocsin-rules-invalid': {
    title: 'Rules have errors',
    severity: 'high',
    description: 'A rule with an error is left out: what it looks for is not detected.',
    runbook:
      '1. `tocsin rules validate` names file, place and fault. 2. Mend it: it is taken up by itself.',
  },
  'tocsin-canary-late': {
    title: 'The canary did not arrive',
    severity: 'critical',
    description:
      'A synthetic entry goes through the whole line every few minutes. The last one did not come out at its end in time: real alerts may not either.',
    runbook:
      '1. `tocsin doctor`. 2. Are processes for evaluating and notifying running? 3. Is Redis up, and not full?',
  },
  'tocsin-clock': {
    title: 'The clock is wrong',
    severity: 'medium',
    description:
      "This machine's clock and the API's differ: entries are stamped more than an hour later than it is here. Windows are read by the one clock and entries are stamped by the other.",
    runbook:
      '1. Check NTP (`timedatectl`). 2. `tocsin doctor` shows the difference. 3. When both agree again: `tocsin alerts resolve`.',
  },
  'tocsin-rule-health': {
    title: 'Rule health of the week',
    severity: 'low',
    description:
      'Once a week, on Monday: which rules were noisy, slow or silent, which exceptions end, and which staged rules may become active.',
    runbook:
      '1. `tocsin rules list --stats --within 7d` and the console show each rule. 2. Noisy: make an exception from one of its alerts, or stage it in an _overrides.json. 3. Ready: `tocsin rules promote` shows the evidence. 4. Silent rules are mostly fine: their tests say whether they would speak.',
  },
} satisfies Readonly<
  Record<string, { title: string; severity: Severity; description: string; runbook: string }>
>

export type SystemRuleId = keyof typeof TEXTS

export const SYSTEM_RULE_IDS = Object.keys(TEXTS) as readonly SystemRuleId[]

export function systemRule(id: SystemRuleId): SystemRule {
  return { id, ...TEXTS[id], tags: ['tocsin'], references: [], falsePositives: [] }
}
