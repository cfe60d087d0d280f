// Owns the look of messages, kept in golden/. After a wanted change:
// npx vitest run test/notify/golden.test.ts -u
import { describe, expect, it } from 'vitest'
import type { Notice } from '../../src/core/digest.ts'
import { renderMail } from '../../src/notify/email-body.ts'
import { createReceiver } from '../../src/notify/index.ts'
import { ocsfFinding } from '../../src/notify/ocsf.ts'
import type { Receiver } from '../../src/notify/receiver.ts'
import { createMessageOf } from '../../src/notify/message-of.ts'
import { renderSlack } from '../../src/notify/slack-blocks.ts'
import { createTimeText } from '../../src/notify/time-text.ts'
import { testContext } from './contract.ts'
import { messageKinds } from './message-kinds.ts'
import { createPostServer } from './post-server.ts'

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

  it('webhook', async () => {
    const server = await createPostServer(() => ({ status: 204 }))
    const config = { url: server.origin, secret: `whsec_${Buffer.alloc(32, 1).toString('base64')}` }
    const context = testContext({ publicUrl: PUBLIC_URL })
    await sendAndClose(createReceiver('webhook', config, context), notice)
    await server.close()
    const [request] = server.requests
    const sent = { headers: sentHeaders(request?.headers ?? {}), body: request?.payload }
    const text = `${JSON.stringify(sent, null, 2)}\n`
    await expect(text).toMatchFileSnapshot(`golden/${name}.webhook.json`)
  })

  it('PagerDuty', async () => {
    const server = await createPostServer(() => ({ status: 202 }))
    const config = { routingKey: 'R0UT1NGKEYR0UT1NGKEYR0UT1NGKEY00', url: server.origin }
    const context = testContext({ publicUrl: PUBLIC_URL })
    await sendAndClose(createReceiver('pagerduty', config, context), notice)
    await server.close()
    const text = `${JSON.stringify(server.requests[0]?.payload, null, 2)}\n`
    await expect(text).toMatchFileSnapshot(`golden/${name}.pagerduty.json`)
  })

  it('archive', async () => {
    const text = `${JSON.stringify(ocsfFinding(notice, PUBLIC_URL), null, 2)}\n`
    await expect(text).toMatchFileSnapshot(`golden/${name}.ndjson.json`)
  })
})

async function sendAndClose(receiver: Receiver, notice: Notice): Promise<void> {
  await receiver.send(notice, new AbortController().signal)
  await receiver.close()
}

/** Those that are ours; the connection's own differ from run to run. */
function sentHeaders(headers: Readonly<Record<string, unknown>>) {
  const ours = ['content-type', 'idempotency-key', 'user-agent']
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => ours.includes(name) || name.startsWith('webhook-')),
  )
}
