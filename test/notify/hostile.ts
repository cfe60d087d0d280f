// Owns what an attacker can write into a user name, and puts it wherever events reach a message.
import type { Alert } from '../../src/core/alert.ts'
import { alertOf } from './notifications.ts'

/** Each: what it is, and the text. */
export const HOSTILE_TEXTS: readonly (readonly [string, string])[] = [
  ['a Slack mention of everybody', '<!channel> <!here> <!everyone> @channel @here'],
  ['a Slack mention of one person and a group', '<@U1ABC2DEF> <!subteam^S123|admins>'],
  ['a Slack channel link', '<#C024BE7LR|general>'],
  ['a Slack link that pretends', '<http://evil.example/x|https://dcd.ionos.com>'],
  ['Slack formatting', '*bold* _it_ ~no~ `code` ```block``` :fire: > quote'],
  ['escaped entities', '&lt;!channel&gt; &amp;lt; &#60;script&#62;'],
  ['Markdown', '[log in](https://evil.example) ![x](https://evil.example/p.png) # head'],
  ['HTML', '<script>alert(1)</script><img src=x onerror=alert(1)>"\'><a href="https://evil">'],
  ['an HTML comment', '--><style>body{display:none}</style><!--'],
  ['a bare link', 'https://evil.example/reset?x=1 and www.evil.example'],
  ['mail headers', 'x\r\nBcc: victim@example.com\r\nContent-Type: text/html\r\n\r\n<b>hi</b>'],
  ['an end of SMTP data', 'x\r\n.\r\nMAIL FROM:<evil@example.com>\r\n'],
  ['other line ends', 'a\u2028b\u2029c\u0085d\u000be\u000cf'],
  ['terminal colours and a cleared screen', '\u001b[2J\u001b[31mred\u001b]0;title\u0007 \u009b31m'],
  ['a rewritten line', 'mallory\rroot\b\b\b\badmin'],
  ['right-to-left marks', 'user\u202Emoc.elpmaxe\u202C \u2066x\u2069 \u200F\u200E\u061C'],
  ['invisible characters', 'adm\u200Bin\u2060 \uFEFFx\u00AD\u3164\u{E0041}'],
  ['stacked marks', `z${'\u0301'.repeat(500)}algo`],
  ['NUL and other control characters', 'a\u0000b\u0001c\u007fd'],
  ['lone surrogates', 'a\ud800b\udc00c'],
  ['emoji', '👩‍👩‍👧‍👦 🏴‍☠️ 🇩🇪 é'],
  ['right-to-left letters', 'שלום עולם (A-1)'],
  ['a template', '{{ user }} ${process.env} <%= x %>'],
  ['nothing', ''],
  ['only white space', ' \t\r\n '],
  ['a name of 100 KB', 'x'.repeat(100_000)],
  ['100 KB of what needs escaping', '<&>"\'\\'.repeat(17_000)],
  ['100 KB of emoji', '🔥'.repeat(50_000)],
  ['100 KB of line ends', '\r\n'.repeat(50_000)],
]

/** An alert that shows `text` wherever event text can be. */
export function alertWith(text: string): Alert {
  const fields = ['user', 'ip', 'operation', 'resourceId', `entry.${text}`].map((name) => ({
    name,
    value: text,
  }))
  return alertOf({
    title: `${text} did something`,
    summary: `About ${text}`,
    contract: text,
    group: [{ name: 'asOrg', value: text }],
    fields,
    evidence: [0, 1, 2].map((index) => ({
      id: `${text.slice(0, 20)}${index}`,
      time: 1_000 * index,
      fields: fields.map(({ name, value }) => ({ name, value: `${index}${value}` })),
    })),
    why: {
      kind: 'leaf',
      verdict: true,
      fact: 'user',
      operator: 'notEqual',
      expected: '"admin@example.com"',
      found: JSON.stringify(text).slice(0, 300),
    },
  })
}

/** What no reader and no program shall get raw, whatever the medium. */
export const HIDDEN_CHARACTERS =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\u00ad\u3164]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|[\u{e0000}-\u{e007f}]/u
