// Owns `tocsin rules promote`: which staged rules may become active, and what speaks for it.
import { Command } from 'commander'
import {
  decidePromotion,
  isReady,
  type Judgement,
  NO_JUDGEMENT,
  type Promotion,
  WATCHED_DAYS,
} from '../core/rule-health.ts'
import { countJudgements } from '../http/rule-noise.ts'
import type { Cli } from './context.ts'
import { withStores } from './open-state.ts'
import { counted, loadRules } from './rules-load.ts'
import { formatTable } from './table.ts'

type Candidate = Judgement & {
  readonly id: string
  readonly severity: string
  readonly since: number | undefined
  readonly promotion: Promotion
}

const DAY_MS = 86_400_000

const HELP = `
A staged rule runs, raises alerts and tells nobody. It is ready when it raised nothing in
${WATCHED_DAYS} days, or when people resolved every alert it raised in them, and none as a false
positive. It becomes active where its "status" is taken out of its file, or in an
_overrides.json of yours: nothing is changed here.

Example:
  tocsin rules promote
  tocsin rules promote --all --json`

export function rulesPromoteCommand(cli: Cli): Command {
  return new Command('promote')
    .description('staged rules that may become active, with the evidence')
    .option('--all', 'those that are not ready, too, and why')
    .addHelpText('after', HELP)
    .action(async (options: { all?: boolean }, command: Command) => {
      const loaded = await loadRules(cli, command)
      const staged = loaded.ruleSet.all.filter(({ status }) => status === 'staged')
      const now = cli.clock.now()
      const from = now - WATCHED_DAYS * DAY_MS
      const rules = staged.map(({ id }) => id)
      const found = await withStores(loaded, cli, async (stores) => {
        const since = await stores.staged.since()
        const judgements =
          rules.length === 0 ? new Map() : await countJudgements(stores, { from, rules })
        return staged.map(({ id, severity }): Candidate => {
          const judgement: Judgement = judgements.get(id) ?? NO_JUDGEMENT
          const promotion = decidePromotion(since.get(id), judgement, now)
          return { id, severity, since: since.get(id), promotion, ...judgement }
        })
      })
      const shown = found.filter(({ promotion }) => options.all === true || isReady(promotion))
      if (loaded.json) cli.stdout.write(`${JSON.stringify({ rules: shown.map(toJson) })}\n`)
      else write(cli, shown, found)
    })
}

function toJson({ since, ...candidate }: Candidate) {
  const stagedSince = since === undefined ? null : new Date(since).toISOString()
  return { ...candidate, ready: isReady(candidate.promotion), stagedSince }
}

function write(cli: Cli, shown: readonly Candidate[], found: readonly Candidate[]): void {
  const rows = shown.map((candidate) => [
    candidate.id,
    candidate.severity,
    candidate.since === undefined ? '-' : new Date(candidate.since).toISOString().slice(0, 10),
    String(candidate.alerts),
    String(candidate.resolved - candidate.falsePositives),
    String(candidate.falsePositives),
    `${isReady(candidate.promotion) ? 'ready' : 'not yet'}: ${describe(candidate)}`,
  ])
  const head = ['ID', 'SEVERITY', 'STAGED SINCE', 'ALERTS', 'RIGHT', 'FALSE', 'EVIDENCE']
  if (rows.length > 0) cli.stdout.write(formatTable([head, ...rows], cli.stdout))
  const ready = found.filter(({ promotion }) => isReady(promotion)).length
  const hint = ready < found.length && shown.length < found.length ? '; --all shows why' : ''
  const staged = counted(found.length, 'staged rule')
  cli.stdout.write(`${ready} of ${staged} ready, by the last ${WATCHED_DAYS} days${hint}\n`)
}

function describe({ promotion, alerts, resolved, falsePositives }: Candidate): string {
  const raised = counted(alerts, 'alert')
  switch (promotion) {
    case 'quiet':
      return `no alert in ${WATCHED_DAYS} days`
    case 'right':
      return alerts === 1 ? 'its alert was right' : `all ${raised} were right`
    case 'wrong':
      return `${falsePositives} of ${raised} resolved as a false positive`
    case 'not-judged':
      return `nobody resolved ${alerts - resolved} of ${raised}`
    default:
      return `not watched for ${WATCHED_DAYS} days yet`
  }
}
