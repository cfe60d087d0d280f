// Owns the page of all rules: what each does and costs, what is wrong with those that did not load,
// and which techniques of ATT&CK they watch for.
import { useState } from 'preact/hooks'
import { ask } from './api.ts'
import { useLoaded } from './loaded.ts'
import { Empty, ErrorNotice, Loading, Notice, Severity, State } from './parts.tsx'
import { goTo, Link, type Place } from './router.tsx'
import {
  noiseText,
  type RuleProblem,
  type RuleRow,
  type RulesAnswer,
  TACTICS,
  techniqueOf,
} from './rule-shapes.ts'
import type { Session } from './session.tsx'
import { Age, useNow } from './time.tsx'

const REFRESH_MS = 30_000
const RANKS = ['info', 'low', 'medium', 'high', 'critical']

type Column = {
  readonly key: string
  readonly name: string
  readonly value: (rule: RuleRow) => number | string
  readonly isNumber?: boolean
}

const COLUMNS: readonly Column[] = [
  { key: 'title', name: 'Rule', value: ({ title }) => title.toLowerCase() },
  { key: 'severity', name: 'Severity', value: ({ severity }) => -RANKS.indexOf(severity) },
  { key: 'state', name: 'State', value: ({ state }) => state },
  { key: 'm24', name: 'Matches 24 h', value: ({ day }) => -day.matches, isNumber: true },
  { key: 'm7', name: '7 d', value: ({ week }) => -week.matches, isNumber: true },
  { key: 'a24', name: 'Alerts 24 h', value: ({ day }) => -day.alerts, isNumber: true },
  { key: 'a7', name: '7 d', value: ({ week }) => -week.alerts, isNumber: true },
  {
    key: 'noise',
    name: 'Noise',
    value: ({ noise }) => -noise.falsePositives / (noise.resolved || 1),
    isNumber: true,
  },
  { key: 'time', name: 'µs / event', value: ({ micros }) => -(micros ?? 0), isNumber: true },
  {
    key: 'last',
    name: 'Last match',
    value: ({ lastMatch }) => (lastMatch === undefined ? 1 : -new Date(lastMatch).getTime()),
    isNumber: true,
  },
]

export function RulesPage(props: { readonly session: Session; readonly place: Place }) {
  const { value, error, reload } = useLoaded<RulesAnswer>('/api/rules', { everyMs: REFRESH_MS })
  const [note, setNote] = useState<string>()
  const [failure, setFailure] = useState<unknown>()
  const view = props.place.query.get('view') ?? 'list'

  const reloadRules = async () => {
    setFailure(undefined)
    try {
      const answer = await ask<{ message: string }>('/api/rules/reload', {
        method: 'POST',
        body: {},
      })
      setNote(answer.message)
      reload()
    } catch (refusal) {
      setFailure(refusal)
    }
  }
  if (value === undefined) {
    return error === undefined ? <Loading what="rules" /> : <ErrorNotice error={error} />
  }
  return (
    <>
      <header class="page-head">
        <h1>Rules</h1>
        <p class="quiet">
          {value.rules.length} rules, version <code>{value.version.slice(0, 12)}</code>
        </p>
        <div class="end">
          <div class="chips" role="group" aria-label="View">
            <button type="button" aria-pressed={view === 'list'} onClick={() => goTo('/rules')}>
              List
            </button>
            <button
              type="button"
              aria-pressed={view === 'attack'}
              onClick={() => goTo('/rules?view=attack')}
            >
              ATT&amp;CK
            </button>
          </div>
          {props.session.role === 'admin' && (
            <button type="button" onClick={() => void reloadRules()}>
              Reload
            </button>
          )}
        </div>
      </header>
      {note !== undefined && <Notice kind="good">{note}</Notice>}
      <ErrorNotice error={failure} />
      <Problems problems={value.problems} />
      {value.rules.length === 0 ? (
        <Empty title="No rule is loaded">
          <p>
            Put rules into the folder "rules", or name others in TOCSIN_RULES.{' '}
            <code>npx tocsin rules new my-rule</code> writes one to begin with.
          </p>
        </Empty>
      ) : view === 'attack' ? (
        <AttackMatrix rules={value.rules} />
      ) : (
        <RuleTable rules={value.rules} />
      )}
    </>
  )
}

function Problems({ problems }: { readonly problems: readonly RuleProblem[] }) {
  if (problems.length === 0) return null
  return (
    <Notice kind="warning">
      <p>
        <strong>Found when the rules were loaded.</strong> Rules with an error are left out; the
        others run.
      </p>
      <ul>
        {problems.map(({ level, place, message }) => (
          <li key={place + message}>
            {level}: <code>{place}</code> {message}
          </li>
        ))}
      </ul>
    </Notice>
  )
}

function RuleTable({ rules }: { readonly rules: readonly RuleRow[] }) {
  const [sort, setSort] = useState('severity')
  const now = useNow()
  const column = COLUMNS.find(({ key }) => key === sort)
  const sorted = [...rules].sort((a, b) => {
    const [left = 0, right = 0] = [column?.value(a), column?.value(b)]
    if (left === right) return a.title < b.title ? -1 : 1
    return left < right ? -1 : 1
  })
  return (
    <div class="table" role="region" aria-label="Table of rules" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {COLUMNS.map(({ key, name, isNumber }) => (
              <th
                key={key}
                scope="col"
                class={isNumber ? 'number' : ''}
                aria-sort={sort === key ? 'descending' : undefined}
              >
                <button type="button" onClick={() => setSort(key)}>
                  {name}
                  {sort === key && <span aria-hidden="true"> ↓</span>}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.map((rule) => (
            <tr key={rule.id}>
              <td>
                <Link to={`/rules/${encodeURIComponent(rule.id)}`}>{rule.title}</Link>
                <div class="quiet mono">{rule.id}</div>
              </td>
              <td>
                <Severity of={rule.severity} />
              </td>
              <td>
                <State of={rule.state} />
              </td>
              <td class="number">{rule.day.matches}</td>
              <td class="number">{rule.week.matches}</td>
              <td class="number">{rule.day.alerts}</td>
              <td class="number">{rule.week.alerts}</td>
              <td
                class="number"
                title={`${rule.noise.falsePositives} of ${rule.noise.resolved} resolved were false positives`}
              >
                {noiseText(rule)}
              </td>
              <td class="number">{rule.micros === undefined ? '–' : rule.micros.toFixed(2)}</td>
              <td class="number">
                {rule.lastMatch === undefined ? '–' : <Age iso={rule.lastMatch} now={now} />}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function AttackMatrix({ rules }: { readonly rules: readonly RuleRow[] }) {
  const running = rules.filter(({ state }) => state !== 'disabled')
  return (
    <div class="matrix">
      {TACTICS.map((tactic) => {
        const tag = `attack.${tactic}`
        const found = running.filter(
          ({ tags }) => tags.includes(tag) || tags.includes(tag.replaceAll('-', '_')),
        )
        const techniques = [
          ...new Set(found.flatMap(({ tags }) => tags.flatMap((one) => techniqueOf(one) ?? []))),
        ].sort()
        return (
          <div key={tactic} class={found.length === 0 ? 'none' : ''}>
            <h2>{tactic.replaceAll('-', ' ')}</h2>
            {found.length === 0 ? (
              <p class="none">no rule</p>
            ) : (
              <>
                <p class="tags">
                  {techniques.map((id) => (
                    <span key={id} class="tag">
                      {id}
                    </span>
                  ))}
                </p>
                <ul>
                  {found.map((rule) => (
                    <li key={rule.id}>
                      <Link to={`/rules/${encodeURIComponent(rule.id)}`}>{rule.title}</Link>
                    </li>
                  ))}
                </ul>
              </>
            )}
          </div>
        )
      })}
    </div>
  )
}
