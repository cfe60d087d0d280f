// Owns what stands beside an alert: what to do, its facts, what else its user and address did, and
// the rule that raised it.
import type { AlertRow, AlertView } from '../../src/http/alert-view.ts'
import { queryText } from './api.ts'
import { useLoaded } from './loaded.ts'
import { CopyButton } from './parts.tsx'
import { Link } from './router.tsx'
import { Time } from './time.tsx'

export function AlertAside({ alert }: { readonly alert: AlertView }) {
  return (
    <>
      <Runbook alert={alert} />
      <Facts alert={alert} />
      <Related alert={alert} />
      <About alert={alert} />
    </>
  )
}

function Runbook({ alert }: { readonly alert: AlertView }) {
  const { runbook, falsePositives } = alert.rule
  if (runbook === undefined && falsePositives.length === 0) return null
  const isLink = runbook !== undefined && /^https?:\/\/\S+$/.test(runbook)
  return (
    <section aria-labelledby="runbook-title" class="card runbook">
      <h2 id="runbook-title">What to do</h2>
      {isLink ? (
        <p>
          <a href={runbook} rel="noreferrer noopener" target="_blank">
            {runbook}
          </a>
        </p>
      ) : (
        runbook !== undefined && <p class="lines">{runbook}</p>
      )}
      {falsePositives.length > 0 && (
        <>
          <h3>What else it may be</h3>
          <ul>
            {falsePositives.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </>
      )}
    </section>
  )
}

function Facts({ alert }: { readonly alert: AlertView }) {
  const grouped = new Set(alert.group.map(({ name }) => name))
  const rest = alert.fields.filter(({ name }) => !grouped.has(name))
  return (
    <section aria-labelledby="facts-title" class="card">
      <h2 id="facts-title">Facts</h2>
      <dl class="facts">
        {[...alert.group, ...rest].map(({ name, value }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <span class="value">{value}</span>
            </dd>
          </div>
        ))}
        {![...alert.group, ...rest].some(({ name }) => name === 'contract') && (
          <div>
            <dt>contract</dt>
            <dd>
              <span class="value">{alert.contract}</span>
            </dd>
          </div>
        )}
      </dl>
    </section>
  )
}

const RELATED_FACTS = ['user', 'ip']
const RELATED_MAX = 6

function Related({ alert }: { readonly alert: AlertView }) {
  const fields = [...alert.group, ...alert.fields]
  const values = RELATED_FACTS.flatMap((name) => fields.find((field) => field.name === name) ?? [])
  return (
    <>
      {values.map(({ name, value }) => (
        <RelatedBy key={name} name={name} value={value} except={alert.id} />
      ))}
    </>
  )
}

function RelatedBy(props: {
  readonly name: string
  readonly value: string
  readonly except: string
}) {
  const { name, value, except } = props
  const query = queryText({ q: value, limit: RELATED_MAX + 1 })
  const { value: found } = useLoaded<{ alerts: readonly AlertRow[] }>(`/api/alerts${query}`)
  const others = (found?.alerts ?? []).filter(({ id }) => id !== except).slice(0, RELATED_MAX)
  const title = name === 'ip' ? 'Other alerts of this address' : 'Other alerts of this user'
  return (
    <section aria-labelledby={`related-${name}`} class="card">
      <h2 id={`related-${name}`}>{title}</h2>
      {found !== undefined && others.length === 0 && <p class="quiet">None.</p>}
      <ul class="related">
        {others.map((other) => (
          <li key={other.id} class={`severity-${other.severity}`}>
            <Link to={`/alerts/${encodeURIComponent(other.id)}`}>{other.title}</Link>
            <span class="quiet">
              {' '}
              {other.state}, <Time iso={other.last} />
            </span>
          </li>
        ))}
      </ul>
      {others.length > 0 && (
        <Link to={`/alerts${queryText({ q: value, state: 'all' })}`}>All of them</Link>
      )}
    </section>
  )
}

function About({ alert }: { readonly alert: AlertView }) {
  const { rule } = alert
  return (
    <section aria-labelledby="rule-title" class="card">
      <h2 id="rule-title">The rule</h2>
      <p>
        <Link to={`/rules/${encodeURIComponent(rule.id)}`}>{rule.title}</Link>
      </p>
      {rule.description !== undefined && <p class="lines quiet">{rule.description}</p>}
      <p class="tags">
        {rule.tags.map((tag) => (
          <span key={tag} class="tag">
            {tag}
          </span>
        ))}
      </p>
      {rule.references.length > 0 && (
        <ul>
          {rule.references.map((reference) => (
            <li key={reference}>
              {/^https?:\/\/\S+$/.test(reference) ? (
                <a href={reference} rel="noreferrer noopener" target="_blank">
                  {reference}
                </a>
              ) : (
                reference
              )}
            </li>
          ))}
        </ul>
      )}
      <p class="quiet">
        Rule set <code>{alert.ruleSetVersion.slice(0, 12)}</code>{' '}
        <CopyButton text={`${location.origin}/alerts/${alert.id}`} label="Copy link" />
      </p>
    </section>
  )
}
