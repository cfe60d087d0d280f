// Owns the look of messages, kept in golden/. After a wanted change:
// npx vitest run test/notify/golden.test.ts -u
import { describe, expect, it } from 'vitest'
import type { Notification } from '../../src/core/alert.ts'
import { renderMail } from '../../src/notify/email-body.ts'
import { createReceiver } from '../../src/notify/index.ts'
import { createMessage } from '../../src/notify/message.ts'
import { sampleNotification } from '../../src/notify/sample.ts'
import { renderSlack } from '../../src/notify/slack-blocks.ts'
import { createTimeText } from '../../src/notify/time-text.ts'
import { testContext } from './contract.ts'
import { alertWith } from './hostile.ts'
import { alertOf, notificationOf } from './notifications.ts'

const HOSTILE =
  '<!channel> *b* `c` <http://evil.example|ionos.com> <b>x</b>\r\nBcc: y \u202Egnp\u001b[31m'

const CASES: readonly (readonly [string, Notification])[] = [
  ['first', notificationOf()],
  [
    'grown-late-repeat',
    notificationOf({
      reason: 'grown',
      alert: alertOf({ count: 100, severity: 'critical', disputed: true }),
      createdAt: alertOf().last + 3 * 3_600_000,
      possibleRepeat: true,
    }),
  ],
  [
    'resolved',
    notificationOf({
      reason: 'resolved',
      alert: alertOf({ state: 'resolved', resolution: 'false-positive' }),
    }),
  ],
  ['hostile', notificationOf({ alert: alertWith(HOSTILE) })],
  ['test', sampleNotification('secops', testContext().clock, 'Europe/Berlin')],
]

describe.each(CASES)('golden: %s', (name, notification) => {
  const message = createMessage(notification, createTimeText('Europe/Berlin'))

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
    const receiver = createReceiver('stdout', {}, testContext({ output }))
    await receiver.send(notification, new AbortController().signal)
    await expect(written.join('')).toMatchFileSnapshot(`golden/${name}.stdout.txt`)
  })
})
