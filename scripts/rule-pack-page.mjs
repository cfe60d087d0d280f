// Owns how the measurement of the rule pack is told: a few lines on the terminal, tables on the page.
import { dirname, relative } from 'node:path'
import { loadRuleSet } from '../dist/ruleset.js'
import { readRuleFiles } from '../dist/ruleset-files.js'

const DAYS = 30
const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info']
const LOUD = ['medium', 'high', 'critical']

/** What each folder of rules is about. */
const THEMES = {
  access: 'Access: who comes from where, and when',
  identity: 'Identity: users, groups, keys and tokens',
  network: 'Network: what can be reached',
  'data-loss': 'Data loss: what is deleted',
  'data-theft': 'Data theft: what is copied and shared',
  evidence: 'Evidence: who blinds the watch',
  cost: 'Cost: what is run at your expense',
  kubernetes: 'Kubernetes',
  reseller: 'Resellers',
}

/** How a set of months came about. */
const SETS = {
  tuned: 'Months the rules were tuned with',
  fresh: 'Months nobody had seen before, run once',
}

const isLoud = ({ status, severity }) => status === 'active' && LOUD.includes(severity)
const sum = (list) => list.reduce((total, { count }) => total + count, 0)
const perWeek = (count) => ((count * 7) / DAYS).toFixed(1)
const row = (cells) => `| ${cells.join(' | ')} |`
const table = (head, rows) => [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')

/** What active rules found at `medium` and above; the earliest first. */
function findingsOf(story) {
  return story.findings.filter(isLoud)
}

function isFound(story) {
  return findingsOf(story).length > 0
}

export function describeMonth({ seed, entries, noise, stories }, seconds) {
  const found = stories.filter(isFound).length
  return [
    `seed ${seed}: ${entries} entries in ${seconds.toFixed(0)} s of processor time; ` +
      `${perWeek(sum(noise.filter(isLoud)))} alerts a week of medium and above, ` +
      `${found} of ${stories.length} stories found`,
    ...noise.map(
      ({ rule, status, severity, count }) =>
        `  ${String(count).padStart(4)} ${severity.padEnd(8)} ${status.padEnd(6)} ${rule}`,
    ),
    ...stories.map((story) => {
      const shown = findingsOf(story).map(
        ({ rule, severity, afterMinutes }) => `${rule} (${severity}, ${afterMinutes} min)`,
      )
      return `  ${isFound(story) ? '✓' : '✗'} ${story.name}: ${shown.join(', ') || 'nothing'}`
    }),
  ].join('\n')
}

/** The rules of a folder, each with its theme: the name of the folder it lies in. */
export async function listRules(folder) {
  const { files } = await readRuleFiles([folder])
  const themes = new Map(files.map(({ name, path }) => [name, relative(folder, dirname(path))]))
  const { ruleSet } = await loadRuleSet({ folders: [folder], schedules: new Map() })
  return ruleSet.all.map((rule) => ({ ...rule, theme: themes.get(rule.id) ?? 'other' }))
}

export function writePage({ rules, results }) {
  const sets = Object.entries(SETS).filter(([name]) => results[name] !== undefined)
  return [
    tellHead(rules),
    ...(results.remarks ?? []),
    ...sets.map(([name, title]) => tellSet(title, results[name])),
    '## The rules',
    ...Object.entries(THEMES).map(([theme, title]) => tellTheme(title, rulesOf(rules, theme))),
    tellLists(),
  ]
    .join('\n\n')
    .concat('\n')
}

function rulesOf(rules, theme) {
  return rules
    .filter((rule) => rule.theme === theme)
    .sort(
      (a, b) =>
        SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || (a.id < b.id ? -1 : 1),
    )
}

function tellHead(rules) {
  const staged = rules.filter(({ status }) => status === 'staged').length
  const evidence = (name) => rules.filter(({ tags }) => tags.includes(`evidence.${name}`)).length
  return `<!-- Written by \`npm run rule-pack -- --page\`: change scripts/rule-pack-page.mjs, not this page. -->

# The rule pack

${rules.length} rules for IONOS Cloud come along in \`rules/\`, one folder for each theme. ${staged} of them are \`staged\`: they run
and count, and tell nobody, because what they look for happens every day. ${evidence('documented')} rest on what IONOS documents,
${evidence('seen')} on what others have seen in a real log, and ${evidence('inferred')} on what follows from its other APIs. IONOS documents little of what its
log holds, so each rule says which it is (\`evidence.documented\`, \`evidence.seen\`, \`evidence.inferred\`), and rules of the last
kind look for the same thing in several ways. Such a rule is active where being wrong would mean silence, and staged where it
would mean noise. **All figures below come from a simulated log**, made by the same people as
the rules. They show that the rules work together and stay quiet; what your own log does to them, \`tocsin backtest\` tells.

## How it was measured

\`scenarios/ordinary-month.json\` is a company of 20 people in two offices, at home, on holiday, ill, on call at night and now
and then abroad, with contractors, Terraform, CI, nightly backups, new colleagues, mistyped passwords and expired tokens:
about 5,200 entries a day. After 70 days in which the rules learn, one month counts. Then 15 attacks are put into the
same month. Company and attacks were written before the rules were tuned; one thing was changed since: entries without
method and URI keep their user's service, because programs seemed to use the console. The lists below were empty.
A story is found when an active rule of severity \`medium\` or above raises an alert that the month without it does not
have. \`npm run rule-pack\` does it again.`
}

function tellSet(title, months) {
  const stories = months[0].stories.map(({ name }) => name)
  const rules = [
    ...new Set(months.flatMap(({ noise }) => noise.filter(isLoud).map(({ rule }) => rule))),
  ].sort((a, b) => (a < b ? -1 : 1))
  const seeds = months.map(({ seed }) => `seed ${seed}`)
  const noiseOf = (month, rule) =>
    sum(month.noise.filter((one) => isLoud(one) && one.rule === rule))
  const below = (severity) =>
    months.map(({ noise }) =>
      perWeek(sum(noise.filter((one) => one.status === 'active' && one.severity === severity))),
    )
  return `## ${title}

${table(
  ['', ...seeds],
  [
    ['entries', ...months.map(({ entries }) => entries.toLocaleString('en'))],
    [
      '**alerts a week, `medium` and above**',
      ...months.map(({ noise }) => `**${perWeek(sum(noise.filter(isLoud)))}**`),
    ],
    [
      'of them `high` and `critical`',
      ...months.map(({ noise }) =>
        perWeek(sum(noise.filter((one) => isLoud(one) && one.severity !== 'medium'))),
      ),
    ],
    ['`low` a week', ...below('low')],
    ['`info` a week', ...below('info')],
    [
      '**stories found**',
      ...months.map(
        (month) => `**${month.stories.filter(isFound).length} of ${month.stories.length}**`,
      ),
    ],
  ],
)}

Alerts of an ordinary month, \`medium\` and above, by rule:

${table(
  ['rule', ...seeds],
  rules.map((rule) => [`\`${rule}\``, ...months.map((month) => noiseOf(month, rule) || '')]),
)}

The stories, and the minutes from the first request of each to the first alert about it:

${table(
  ['story', 'lasts', ...seeds, 'found first by'],
  stories.map((name) => tellStory(name, months)),
)}`
}

function tellStory(name, months) {
  const told = months.map((month) => month.stories.find((story) => story.name === name))
  const minutes = told.map((story) =>
    isFound(story) ? `${findingsOf(story)[0].afterMinutes}` : '**missed**',
  )
  const first = [
    ...new Set(told.filter(isFound).map((story) => `\`${findingsOf(story)[0].rule}\``)),
  ]
  const all = new Set(told.flatMap((story) => findingsOf(story).map(({ rule }) => rule)))
  const more = all.size - first.length
  return [
    name,
    `${Math.round(told[0].minutes)} min`,
    ...minutes,
    `${first.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
  ]
}

function tellTheme(title, rules) {
  return `### ${title}

${table(
  ['rule', 'what it tells', 'severity', 'how', 'evidence', 'ATT&CK'],
  rules.map((rule) => [
    `\`${rule.id}\``,
    rule.title,
    rule.status === 'staged' ? `${rule.severity}, staged` : rule.severity,
    rule.detect?.kind ?? 'each',
    rule.tags.find((tag) => tag.startsWith('evidence.')).slice('evidence.'.length),
    rule.tags
      .filter((tag) => /^attack\.t\d/.test(tag))
      .map((tag) => tag.slice('attack.'.length).toUpperCase())
      .join(' '),
  ]),
)}`
}

function tellLists() {
  return `## Lists to fill in

In \`rules/_lists\`. Each comes with an example that nobody can have, for the tests of the rules: leave it, and add yours.
An empty list means that nothing is known, and never makes more alerts.

${table(
  ['list', 'what it is for'],
  [
    ['`administrators`', 'rules about administrators speak of nobody else'],
    [
      '`automation-users`',
      'programs may delete and create more than people, and never travel; names such as `terraform@…`, `ci-…@…`, `backup@…` are recognised without',
    ],
    ['`countries-expected`', 'never a new country'],
    ['`office-networks`', 'never a new network, and never where guessing comes from'],
    ['`owner-accounts`', 'should change nothing from day to day'],
    [
      '`pollers`',
      'the user whose token Tocsin has: it only ever reads; names such as `tocsin@…` are recognised without',
    ],
  ],
)}

A rule that is not for you: put it into a folder of your own with a file \`_overrides.json\` that sets its \`status\`, its \`severity\`
or an exception, and leave \`rules/\` as it came. How: [the rule language](rules.md).`
}
