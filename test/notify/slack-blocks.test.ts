// Owns the tests of the blocks: always within Slack's limits, never with a meaning of an attacker.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Alert } from '../../src/core/alert.ts'
import { createMessage } from '../../src/notify/message.ts'
import { BLOCKS_LENGTH_MAX, renderSlack, type SlackPayload } from '../../src/notify/slack-blocks.ts'
import { createTimeText } from '../../src/notify/time-text.ts'
import { alertWith } from './hostile.ts'
import { alertOf, notificationOf } from './notifications.ts'
import { judgePayload } from './slack-server.ts'

const time = createTimeText('Europe/Berlin')

function rendered(alert: Alert): SlackPayload {
  return renderSlack(createMessage(notificationOf({ alert, reason: 'grown' }), time))
}

/** The mrkdwn texts: the only ones in which stars and backticks mean anything. */
function markedTexts(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(markedTexts)
  if (typeof value !== 'object' || value === null) return []
  if ('type' in value && value.type === 'mrkdwn' && 'text' in value) return [String(value.text)]
  return Object.values(value).flatMap(markedTexts)
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 50 }),
  fc.string({ unit: 'binary', minLength: 2_000, maxLength: 4_000 }),
  fc.constantFrom('<!channel>', '```', '&'.repeat(5_000), '"\\'.repeat(5_000), '🔥'.repeat(3_000)),
)
const anyFields = fc.array(fc.record({ name: anyText, value: anyText }), { maxLength: 30 })
const anyAlert: fc.Arbitrary<Alert> = fc
  .record({
    title: anyText,
    summary: anyText,
    contract: anyText,
    first: fc.double(),
    last: fc.double(),
    count: fc.nat(),
    fields: anyFields,
    group: anyFields,
    evidence: fc.array(fc.record({ id: anyText, time: fc.double(), fields: anyFields }), {
      maxLength: 20,
    }),
    rule: fc.record({
      id: anyText,
      title: anyText,
      description: anyText,
      tags: fc.array(anyText),
      references: fc.array(anyText),
      falsePositives: fc.array(anyText),
      runbook: anyText,
    }),
  })
  .map(alertOf)

describe('blocks', () => {
  it('are taken by Slack, whatever the alert holds', () => {
    fc.assert(
      fc.property(anyAlert, (alert) => {
        const payload = rendered(alert)
        expect(judgePayload({ ...payload })).toBe('ok')
        expect(judgePayload({ text: payload.text })).toBe('ok')
        expect(JSON.stringify(payload.blocks).length).toBeLessThanOrEqual(BLOCKS_LENGTH_MAX)
        expect(payload.text.length).toBeLessThanOrEqual(3_000)
      }),
      // Shrinking texts of thousands of characters takes minutes and explains little.
      { numRuns: 60, endOnFailure: true },
    )
  })

  it('are left out by importance when there is too much, and the reader is told', () => {
    const huge = '"'.repeat(5_000)
    const { blocks } = rendered({
      ...alertWith(huge),
      rule: { ...alertOf().rule, description: huge, falsePositives: [huge, huge, huge, huge] },
    })
    const all = JSON.stringify(blocks)
    expect(all.length).toBeLessThanOrEqual(BLOCKS_LENGTH_MAX)
    expect(all).toContain('Cut: the alert holds more.')
    expect(all).not.toContain('Known false positives')
    expect(all).toContain('Ask the user')
  })

  it('have event text in code and plain text only', () => {
    const texts = markedTexts(rendered(alertWith('*b* `c` ```d``` <!here> _i_ @here')).blocks)
    const [labels, code] = [
      texts.filter((text) => !text.startsWith('```')),
      texts.filter((text) => text.startsWith('```')),
    ]
    expect(labels).toContain('*User*')
    expect(labels.join()).not.toMatch(/[`]|<!|\* b/)
    expect(code).toHaveLength(1)
    expect(code[0]?.slice(3, -3)).not.toContain('`')
    expect(code[0]).not.toContain('<')
  })

  it('break calls of everybody and links in the text for clients without blocks', () => {
    const { text } = rendered(alertWith('@here @channel https://evil.example'))
    expect(text).toContain('@\u200Bhere @\u200Bchannel https[://]evil.example')
  })

  it('show the whole title when the heading has no room for it', () => {
    const title = `${'long '.repeat(50)}end`
    const { blocks } = rendered(alertOf({ title }))
    expect(JSON.stringify(blocks[0])).not.toContain('end (A-1042)')
    expect(JSON.stringify(blocks[1])).toContain('long end')
  })

  it('make a link of a runbook and of references that are URLs', () => {
    const rule = { ...alertOf().rule, runbook: 'https://wiki.example.com/a?b=1&c=2' }
    const texts = markedTexts(rendered(alertOf({ rule })).blocks)
    expect(texts).toContain('*Runbook* <https://wiki.example.com/a?b=1&amp;c=2>')
    expect(texts).toContain('<https://attack.mitre.org/techniques/T1485/>')
  })
})
