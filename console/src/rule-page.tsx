// Owns the page of one rule: what it is, what it did, its tests with their results. Its JSON is
// rule-editor.tsx'.
import { useState } from 'preact/hooks'
import { ApiError } from './api.ts'
import { useLoaded } from './loaded.ts'
import { Empty, ErrorNotice, Loading, Severity, State } from './parts.tsx'
import { Link } from './router.tsx'
import { RuleEditor } from './rule-editor.tsx'
import { noiseText, type RuleView } from './rule-shapes.ts'
import { Time } from './time.tsx'
import { VolumeChart } from './volume.tsx'

export function RulePage({ id }: { readonly id: string }) {
  const { value: rule, error } = useLoaded<RuleView>(`/api/rules/${encodeURIComponent(id)}`)
  /** Results of the tests of what was typed; undefined while nothing was. */
  const [typed, setTyped] = useState<RuleView['tests']>()
  if (error instanceof ApiError && error.code === 'not-found') {
    return (
      <Empty title="There is no such rule">
        <p>It may have been removed, or did not load.</p>
        <Link to="/rules">To the rules</Link>
      </Empty>
    )
  }
  if (rule === undefined) {
    return error === undefined ? <Loading what="the rule" /> : <ErrorNotice error={error} />
  }
  return (
    <article>
      <header class={`alert-head severity-${rule.severity}`}>
        <p class="alert-labels">
          <Severity of={rule.severity} />
          <State of={rule.state} />
          <span class="mono">{rule.id}</span>
          <span class="mono">{rule.file}</span>
        </p>
        <h1>{rule.title}</h1>
        {rule.description !== undefined && <p class="story lines">{rule.description}</p>}
      </header>
      <div class="actions">
        <Link class="button" to={`/playground?rule=${encodeURIComponent(id)}`}>
          Open in the playground
        </Link>
        <Link class="button" to={`/alerts?rule=${encodeURIComponent(id)}&state=all`}>
          Its alerts
        </Link>
      </div>
      <div class="columns">
        <div>
          <RuleEditor rule={rule} onTests={setTyped} />
        </div>
        <aside>
          <section class="card" aria-labelledby="numbers-title">
            <h2 id="numbers-title">What it did</h2>
            <table>
              <thead>
                <tr>
                  <td />
                  <th scope="col" class="number">
                    24 h
                  </th>
                  <th scope="col" class="number">
                    7 d
                  </th>
                </tr>
              </thead>
              <tbody>
                {(['matches', 'detections', 'alerts'] as const).map((name) => (
                  <tr key={name}>
                    <th scope="row">{name}</th>
                    <td class="number">{rule.day[name]}</td>
                    <td class="number">{rule.week[name]}</td>
                  </tr>
                ))}
              </tbody>
            </table>
            <VolumeChart volume={rule.volume} />
            <dl class="facts">
              <div>
                <dt>noise</dt>
                <dd>
                  {rule.noise.resolved === 0 ? (
                    <span class="quiet">nothing was resolved by hand in 7 d</span>
                  ) : (
                    `${noiseText(rule)} of ${rule.noise.resolved} resolved were false positives`
                  )}
                </dd>
              </div>
              <div>
                <dt>time</dt>
                <dd>
                  {rule.micros === undefined
                    ? 'not measured yet'
                    : `${rule.micros.toFixed(2)} µs an event`}
                </dd>
              </div>
              <div>
                <dt>last match</dt>
                <dd>
                  {rule.lastMatch === undefined ? 'none in 7 d' : <Time iso={rule.lastMatch} />}
                </dd>
              </div>
            </dl>
          </section>
          <Tests tests={typed ?? rule.tests} isOfTyped={typed !== undefined} />
          <section class="card" aria-labelledby="about-title">
            <h2 id="about-title">More</h2>
            <p class="tags">
              {rule.tags.map((tag) => (
                <span key={tag} class="tag">
                  {tag}
                </span>
              ))}
            </p>
            {rule.runbook !== undefined && <p class="lines">{rule.runbook}</p>}
            <ul>
              {rule.falsePositives.map((text) => (
                <li key={text}>may be: {text}</li>
              ))}
            </ul>
          </section>
        </aside>
      </div>
    </article>
  )
}

function Tests(props: { readonly tests: RuleView['tests']; readonly isOfTyped: boolean }) {
  const { tests } = props
  const failed = tests.filter(({ passed }) => !passed).length
  return (
    <section class="card" aria-labelledby="tests-title">
      <h2 id="tests-title">
        Tests: {tests.length === 0 ? 'none' : failed === 0 ? 'all pass' : `${failed} fail`}
      </h2>
      {props.isOfTyped && <p class="quiet">Of what is written in the editor now.</p>}
      <ul class="tests">
        {tests.map(({ test, passed, failures }) => (
          <li key={test}>
            <span class={passed ? 'ok-text' : 'bad-text'} aria-hidden="true">
              {passed ? '✓' : '✗'}
            </span>
            <span class="hidden">{passed ? 'passes:' : 'fails:'}</span> {test}
            {failures.map((text) => (
              <p key={text} class="bad-text">
                {text}
              </p>
            ))}
          </li>
        ))}
      </ul>
    </section>
  )
}
