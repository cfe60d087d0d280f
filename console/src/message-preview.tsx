// Owns showing a message as people would get it: Slack's blocks as Slack lays them out, mail as its
// HTML in a frame (mail-frame.tsx) beside its text. Here everything is built of text only.
import { useState } from 'preact/hooks'
import { MailFrame } from './mail-frame.tsx'
import type { Explained } from './rule-shapes.ts'

type Block = {
  readonly type: string
  readonly text?: { readonly text: string }
  readonly fields?: readonly { readonly text: string }[]
  readonly elements?: readonly { readonly text?: string | { readonly text: string } }[]
}

/** Slack's own escapes, and the stars of what is bold there. */
function plainText(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
}

export function MessagePreview({
  message,
}: {
  readonly message: NonNullable<Explained['message']>
}) {
  const [shown, setShown] = useState<'slack' | 'mail'>('slack')
  return (
    <>
      <div class="tools">
        <h3>What people would get</h3>
        <div class="chips" role="group" aria-label="Message">
          {(['slack', 'mail'] as const).map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={shown === name}
              onClick={() => setShown(name)}
            >
              {name === 'slack' ? 'Slack' : 'Mail'}
            </button>
          ))}
        </div>
      </div>
      {shown === 'mail' ? (
        <>
          <p class="mail-subject">Subject: {message.mail.subject}</p>
          <div class="mail-both">
            <MailFrame html={message.mail.html} />
            <pre class="mail" tabIndex={0} aria-label="The mail as text">
              {message.mail.text}
            </pre>
          </div>
        </>
      ) : (
        <div class="slack">
          {(message.slack.blocks as readonly Block[]).map((block, index) => (
            <SlackBlock key={index} block={block} />
          ))}
        </div>
      )}
    </>
  )
}

function SlackBlock({ block }: { readonly block: Block }) {
  const { type, text, fields, elements } = block
  if (type === 'header') return <p class="slack-header">{plainText(text?.text ?? '')}</p>
  if (type === 'divider') return <hr />
  const parts = (elements ?? []).map((element) =>
    typeof element.text === 'string' ? element.text : (element.text?.text ?? ''),
  )
  if (type === 'actions') {
    return (
      <p class="tools">
        {parts.map((label) => (
          <span key={label} class="button small">
            {label}
          </span>
        ))}
      </p>
    )
  }
  if (type === 'context') {
    return <p class="slack-context lines">{plainText(parts.join('  ·  '))}</p>
  }
  return (
    <>
      {text !== undefined && <p class="lines">{withoutMarks(text.text)}</p>}
      {fields !== undefined && (
        <div class="slack-fields">
          {fields.map((field, index) => (
            <div key={index}>{withoutMarks(field.text)}</div>
          ))}
        </div>
      )}
    </>
  )
}

function withoutMarks(text: string): string {
  return plainText(text.replaceAll('```', '').replace(/^\*(.*)\*$/gm, '$1'))
}
