// Owns the look of messages, kept in golden/. After a wanted change:
// npx vitest run test/notify/golden.test.ts -u
import { describe, expect, it } from 'vitest'
import type { Notice } from '../../src/core/digest.ts'
import { renderMail } from '../../src/notify/email-body.ts'
import { createReceiver } from '../../src/notify/index.ts'
import { createMessageOf } from '../../src/notify/message-of.ts'
import { renderSlack } from '../../src/notify/slack-blocks.ts'
import { createTimeText } from '../../src/notify/time-text.ts'
import { testContext } from './contract.ts'
import { messageKinds } from './message-kinds.ts'

const PUBLIC_URL = 'https://tocsin.example.com'

const CASES: readonly (readonly [string, Notice])[] = messageKinds()

describe.each(CASES)('golden: %s', (name, notice) => {
  const message = createMessageOf(notice, createTimeText('Europe/Berlin'), PUBLIC_URL)

  it('Slack', async () => {
    const text = `${JSON.stringify(renderSlack(message), null, 2)}\n`
    await expect(text).toMatchFileSnapshot(`golden/${name}.slack.json`)
  })

  it('mail', async () => {
    const { subject, text, html } = renderMail(message)
    await expect(`Subject: ${subject}\n\n${text}`).toMatchFileSnapshot(`golden/${name}.mail.txt`)
    await expect(html).toMatchFileSnapshot(`golden/${name}.mail.html`)
  })

  it('terminal', async () => {
    const written: string[] = []
    const output = { write: (text: string) => written.push(text), colour: false }
    const receiver = createReceiver('stdout', {}, testContext({ output, publicUrl: PUBLIC_URL }))
    await receiver.send(notice, new AbortController().signal)
    await expect(written.join('')).toMatchFileSnapshot(`golden/${name}.stdout.txt`)
  })
})
