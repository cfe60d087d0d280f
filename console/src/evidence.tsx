// Owns the events behind an alert: their fields, the entry itself, and where to go with one.
import type { AlertView } from '../../src/http/alert-view.ts'
import { CopyButton, Json } from './parts.tsx'
import { Link } from './router.tsx'
import { Time } from './time.tsx'

export function EvidenceList(props: {
  readonly evidence: AlertView['evidence']
  readonly rule: string
}) {
  return (
    <ol class="evidence">
      {props.evidence.map((event) => (
        <li key={event.id}>
          <details>
            <summary>
              <Time iso={event.time} />
              {event.fields.map(({ name, value }) => (
                <span key={name} class="row-value">
                  <span class="quiet">{name}</span> {value}
                </span>
              ))}
            </summary>
            <div class="evidence-tools">
              <code>{event.id}</code>
              {event.entry !== undefined && (
                <>
                  <CopyButton text={JSON.stringify(event.entry, undefined, 2)} label="Copy entry" />
                  <Link
                    class="button small"
                    to={`/playground?rule=${encodeURIComponent(props.rule)}&event=${encodeURIComponent(event.id)}`}
                  >
                    Try the rule on it
                  </Link>
                </>
              )}
            </div>
            {event.entry === undefined ? (
              <p class="quiet">The entry itself is not kept any more; these fields are.</p>
            ) : (
              <Json value={event.entry} />
            )}
          </details>
        </li>
      ))}
    </ol>
  )
}
