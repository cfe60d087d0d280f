// Owns `tocsin rules coverage`: which ATT&CK techniques the rules speak of, as table or layer.
import { Command } from 'commander'
import type { Rule } from '../core/rule.ts'
import { tacticsOf, techniquesOf } from '../core/rule-tags.ts'
import type { Cli } from './context.ts'
import { counted, loadRules } from './rules-load.ts'
import { formatTable } from './table.ts'

type Covered = { readonly technique: string; readonly rules: readonly Rule[] }

export function rulesCoverageCommand(cli: Cli): Command {
  return new Command('coverage')
    .description('the MITRE ATT&CK techniques that the rules are tagged with')
    .option('--navigator', 'print a layer for the ATT&CK Navigator')
    .addHelpText(
      'after',
      '\nDisabled rules are left out.\n\nExample:\n  tocsin rules coverage --navigator > layer.json',
    )
    .action(async (options: { navigator?: boolean }, command: Command) => {
      const { ruleSet, json } = await loadRules(cli, command)
      const rules = ruleSet.all.filter((rule) => rule.status !== 'disabled')
      const covered = coverageOf(rules)
      if (options.navigator) {
        const layer = navigatorLayer(covered, ruleSet.version)
        cli.stdout.write(`${JSON.stringify(layer, undefined, 2)}\n`)
      } else if (json) {
        const techniques = covered.map(({ technique, rules: by }) => ({
          technique,
          rules: by.map(({ id }) => id),
        }))
        const tactics = [...new Set(rules.flatMap(({ tags }) => tacticsOf(tags)))].sort()
        cli.stdout.write(`${JSON.stringify({ techniques, tactics })}\n`)
      } else writeTable(cli, covered, rules)
    })
}

function coverageOf(rules: readonly Rule[]): readonly Covered[] {
  const techniques = [...new Set(rules.flatMap(({ tags }) => techniquesOf(tags)))].sort()
  return techniques.map((technique) => ({
    technique,
    rules: rules.filter(({ tags }) => techniquesOf(tags).includes(technique)),
  }))
}

function writeTable(cli: Cli, covered: readonly Covered[], rules: readonly Rule[]): void {
  const rows = covered.map(({ technique, rules: by }) => [
    technique,
    String(by.length),
    by.map((rule) => rule.id).join(', '),
  ])
  cli.stdout.write(formatTable([['TECHNIQUE', 'RULES', 'WHICH'], ...rows], cli.stdout))
  const untagged = rules.filter(({ tags }) => techniquesOf(tags).length === 0).length
  const rest = untagged === 0 ? '' : `; ${counted(untagged, 'rule')} without a technique`
  cli.stdout.write(`${counted(covered.length, 'technique')}${rest}\n`)
}

/** A layer in the format 4.5, https://github.com/mitre-attack/attack-navigator. */
function navigatorLayer(covered: readonly Covered[], version: string) {
  const most = Math.max(1, ...covered.map(({ rules }) => rules.length))
  return {
    name: 'Tocsin',
    description: `Rules for the IONOS Cloud Activity Log, rule set ${version}`,
    versions: { layer: '4.5' },
    domain: 'enterprise-attack',
    gradient: { colors: ['#ffffff', '#66b1ff'], minValue: 0, maxValue: most },
    techniques: covered.map(({ technique, rules }) => ({
      techniqueID: technique,
      score: rules.length,
      comment: rules.map(({ id }) => id).join(', '),
    })),
  }
}
