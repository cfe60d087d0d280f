// Owns the page that says whether the service itself is well: how far each contract was read and
// evaluated, what waits, who can be told, and whether anything was missed.
import type { StatusAnswer } from '../../src/http/status-view.ts'
import { CoverageSection } from './coverage.tsx'
import { useLoaded } from './loaded.ts'
import { Empty, ErrorNotice, Loading } from './parts.tsx'
import { Age, spanText, Time, useNow } from './time.tsx'

const REFRESH_MS = 5_000
/** A mark older than this needs a look. */
const MARK_LATE_MS = 5 * 60_000
/** A canary takes a second or two. */
const CANARY_LATE_MS = 60_000

export function HealthPage() {
  const { value, error } = useLoaded<StatusAnswer>('/api/status', { everyMs: REFRESH_MS })
  const now = useNow(1_000)
  if (value === undefined) {
    return error === undefined ? <Loading what="the state" /> : <ErrorNotice error={error} />
  }
  return (
    <>
      <header class="page-head">
        <h1>Health</h1>
        <p class="quiet">
          Tocsin {value.version}, Node {value.node}, rule set{' '}
          <code>{value.rules.version.slice(0, 12)}</code> with {value.rules.count} rules
        </p>
      </header>
      <ErrorNotice error={error} />
      <Contracts status={value} now={now} />
      <CoverageSection />
      <section aria-labelledby="queues-title">
        <h2 id="queues-title">Queues and canary</h2>
        <div class="cards">
          <Canary canary={value.canary} now={now} />
          {value.queues.map((queue) => (
            <div key={queue.name} class="card">
              <p class="quiet">{queue.about}</p>
              <p class="big">{queue.waiting}</p>
              <p class="quiet">waiting</p>
            </div>
          ))}
        </div>
      </section>
      <Receivers status={value} />
    </>
  )
}

/** Its own entry goes through reading's queue, rules, alerts and delivery, every few minutes. */
function Canary(props: { readonly canary: StatusAnswer['canary']; readonly now: number }) {
  const { sentAt, waitingSince } = props.canary
  const waits = waitingSince === undefined ? 0 : props.now - new Date(waitingSince).getTime()
  return (
    <div class="card">
      <p class="quiet">canary: an entry that goes through everything</p>
      <p class={`big ${waits > CANARY_LATE_MS ? 'bad-text' : ''}`}>
        {sentAt === undefined
          ? 'not yet'
          : waits > CANARY_LATE_MS
            ? `late by ${spanText(waits)}`
            : waitingSince === undefined
              ? 'arrived'
              : 'on its way'}
      </p>
      <p class="quiet">
        {sentAt === undefined ? (
          'none was sent so far'
        ) : (
          <>
            sent <Age iso={sentAt} now={props.now} />
          </>
        )}
      </p>
    </div>
  )
}

function Contracts({ status, now }: { readonly status: StatusAnswer; readonly now: number }) {
  return (
    <section aria-labelledby="contracts-title">
      <h2 id="contracts-title">Reading</h2>
      {status.contracts.length === 0 ? (
        <Empty title="No contract has been read yet">
          <p>
            The first read takes a few seconds. If nothing comes, <code>npx tocsin doctor</code>{' '}
            says what is missing: mostly a token that may read the Activity Log.
          </p>
        </Empty>
      ) : (
        <div class="table" role="region" aria-label="Table of contracts" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">Contract</th>
                <th scope="col">State</th>
                <th scope="col">Read up to</th>
                <th scope="col">Evaluated up to</th>
                <th scope="col" class="number">
                  Gaps
                </th>
              </tr>
            </thead>
            <tbody>
              {status.contracts.map((contract) => (
                <tr key={contract.contract}>
                  <td class="mono">{contract.contract}</td>
                  <td>
                    <ReaderState contract={contract} />
                  </td>
                  <td>
                    <Mark iso={contract.readMark} now={now} />
                  </td>
                  <td>
                    <Mark iso={contract.evaluatedMark} now={now} />
                  </td>
                  <td class="number">{contract.gaps}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

function ReaderState({ contract }: { readonly contract: StatusAnswer['contracts'][number] }) {
  if (contract.state === undefined) return <span class="quiet">read by another process</span>
  return (
    <>
      <span class={contract.state === 'reading' ? 'ok-text' : 'bad-text'}>{contract.state}</span>
      {contract.lastError !== undefined && <div class="bad-text">{contract.lastError}</div>}
    </>
  )
}

function Mark({ iso, now }: { readonly iso: string | undefined; readonly now: number }) {
  if (iso === undefined) return <span class="quiet">not yet</span>
  const age = now - new Date(iso).getTime()
  return (
    <>
      <span class={age > MARK_LATE_MS ? 'bad-text' : ''}>
        <Age iso={iso} now={now} />
      </span>{' '}
      <span class="quiet">
        <Time iso={iso} />
      </span>
      {age > MARK_LATE_MS && <div class="bad-text">{spanText(age)} behind</div>}
    </>
  )
}

function Receivers({ status }: { readonly status: StatusAnswer }) {
  return (
    <section aria-labelledby="receivers-title">
      <h2 id="receivers-title">Receivers</h2>
      {status.receivers.length === 0 ? (
        <Empty title="Nobody is told">
          <p>
            Set SLACK_WEBHOOK_URL, or SMTP_URL with ALERT_EMAIL_TO and ALERT_EMAIL_FROM, and try it
            with <code>npx tocsin send-test slack</code>.
          </p>
        </Empty>
      ) : (
        <div class="table" role="region" aria-label="Table of receivers" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Kind</th>
                <th scope="col" class="number">
                  Waiting
                </th>
                <th scope="col" class="number">
                  Given up
                </th>
                <th scope="col">Last accepted</th>
                <th scope="col">Last failure</th>
              </tr>
            </thead>
            <tbody>
              {status.receivers.map(({ name, type, waiting, dead, lastDelivered, lastFailure }) => (
                <tr key={name}>
                  <td>{name}</td>
                  <td>{type}</td>
                  <td class="number">{waiting}</td>
                  <td class={`number ${dead > 0 ? 'bad-text' : ''}`}>{dead}</td>
                  <td>
                    {lastDelivered === undefined ? (
                      <span class="quiet">not yet</span>
                    ) : (
                      <Time iso={lastDelivered} />
                    )}
                  </td>
                  <td>
                    {lastFailure === undefined ? (
                      <span class="quiet">none</span>
                    ) : (
                      <>
                        <Time iso={lastFailure.at} />{' '}
                        <span class="bad-text">{lastFailure.reason}</span>
                      </>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}
