// Owns `tocsin match`: which rules' conditions hold for each entry of NDJSON input.
import { Command } from 'commander'
import { createMatchJudge } from '../replay/judge.ts'
import type { MatchAnswer } from '../replay/task.ts'
import { type Cli, CommandError } from './context.ts'
import { addInputOptions, type InputOptions, loadJudged, openTask } from './input-options.ts'
import { judgeFiles } from './judge-files.ts'
import { writeOutput } from './output.ts'
import { readSettings } from './settings.ts'

const HELP = `
Prints one line {"line":1,"id":"…","rules":["…"]} per entry that matched any rule, in the order of
the input. Each entry is judged by itself: of a rule with "detect" the conditions are looked at, not
what makes matches a detection ("tocsin backtest" does that).

Example:
  tocsin fetch --from 2026-11-20 --to 2026-11-21 --out day.ndjson
  tocsin match day.ndjson`

export function matchCommand(cli: Cli): Command {
  return addInputOptions(
    new Command('match')
      .description("which rules' conditions hold for each entry of NDJSON files or stdin")
      .argument('[file...]', 'NDJSON files; none or "-" reads stdin'),
  )
    .addHelpText('after', HELP)
    .action(async (files: string[], options: InputOptions, command: Command) => {
      const { config } = await readSettings(cli, command)
      const quiet = command.optsWithGlobals<{ quiet?: boolean }>().quiet === true
      const loaded = await loadJudged(cli, config.rules, config)
      const { ruleSet } = loaded
      const asked = {
        kind: 'match',
        options,
        loaded: [loaded],
        readTimeMs: cli.clock.now(),
      } as const
      const { task, lookUp } = await openTask(cli, config, asked)
      let matched = 0
      const take = async (answer: MatchAnswer) => {
        matched += answer.matched
        await writeOutput(cli, answer.output)
      }
      const { entries, bad } = await judgeFiles(cli, {
        files: files.length > 0 ? files : ['-'],
        task,
        judge: createMatchJudge(ruleSet, task.reading, lookUp),
        take,
        quiet,
      })
      if (!quiet || bad > 0) summarise(cli, { entries, bad, matched })
      if (options.strict && bad > 0) throw new CommandError(1, '')
    })
}

type Summary = { readonly entries: number; readonly bad: number; readonly matched: number }

function summarise(cli: Cli, { entries, matched, bad }: Summary): void {
  const skipped = bad > 0 ? `, ${bad} line${bad === 1 ? '' : 's'} skipped` : ''
  cli.stderr.write(`${matched} of ${entries} entries matched${skipped}\n`)
}
