// Owns the proof that the configuration says what is wrong with it, all at once and where.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createConfigSchema, type Env, parseConfig } from '../src/config.ts'
import { loadConfig } from '../src/config-file.ts'
import { formatProblem } from '../src/core/problem.ts'

const WEBHOOK = 'https://hooks.slack.com/services/T0/B0/secret'

async function problemsOf(text: string, env: Env = {}): Promise<readonly string[]> {
  const cwd = mkdtempSync(join(tmpdir(), 'tocsin-config-'))
  writeFileSync(join(cwd, 'tocsin.config.json'), text)
  const { problems } = await loadConfig({ env, cwd })
  return problems.map(formatProblem)
}

const WEBHOOK_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

describe('a configuration', () => {
  it('of nothing at all has every default', () => {
    const { config, problems } = parseConfig(undefined, {})
    expect(problems).toEqual([])
    expect(config).toMatchObject({
      timezone: 'UTC',
      dataDir: '.tocsin',
      rules: ['rules'],
      ionos: {
        contracts: 'all',
        intervalMs: 30_000,
        overlapMs: 120_000,
        requestsPerMinuteMax: 120,
      },
      redis: { url: undefined, prefix: 'tocsin' },
      queue: { batchSize: 100, concurrency: 10, highWater: 2_000 },
      receivers: [],
    })
  })

  it('can not be changed by whoever gets it', () => {
    const { config } = parseConfig(undefined, {})
    expect(Object.isFrozen(config?.ionos)).toBe(true)
  })

  const environments: [name: string, file: unknown, env: Env, expected: unknown][] = [
    [
      'a token',
      {},
      { IONOS_TOKEN: 'abc' },
      { ionos: { credentials: { kind: 'token', token: 'abc' } } },
    ],
    [
      'a login',
      {},
      { IONOS_USERNAME: 'a', IONOS_PASSWORD: 'b' },
      { ionos: { credentials: { kind: 'basic', username: 'a', password: 'b' } } },
    ],
    [
      'a token that wins over the file',
      { ionos: { token: 'file' } },
      { IONOS_TOKEN: 'env' },
      { ionos: { credentials: { token: 'env' } } },
    ],
    [
      'a Redis that wins over the file',
      { redis: { url: 'redis://file' } },
      { REDIS_URL: 'redis://env' },
      { redis: { url: 'redis://env' } },
    ],
    ['folders of rules', {}, { TOCSIN_RULES: 'a, /b' }, { rules: ['a', '/b'] }],
    ['nothing, when it is empty', {}, { REDIS_URL: ' ' }, { redis: { url: undefined } }],
    [
      'a Slack receiver with its pace',
      {},
      { SLACK_WEBHOOK_URL: WEBHOOK, SLACK_PACE: '0' },
      { receivers: [{ name: 'slack', type: 'slack', paceMs: 0 }] },
    ],
    [
      'a Slack receiver with the usual pace',
      {},
      { SLACK_WEBHOOK_URL: WEBHOOK },
      { receivers: [{ name: 'slack', paceMs: 1_000, ageMaxMs: 86_400_000 }] },
    ],
    [
      'a mail receiver with several recipients',
      {},
      {
        SMTP_URL: 'smtp://localhost',
        ALERT_EMAIL_TO: 'a@b.de, c@d.de',
        ALERT_EMAIL_FROM: 'e@f.de',
      },
      { receivers: [{ name: 'email', type: 'email', config: { to: ['a@b.de', 'c@d.de'] } }] },
    ],
    [
      'a webhook with its secret',
      {},
      { WEBHOOK_URL: 'https://soar.example.com/hook', WEBHOOK_SECRET: WEBHOOK_SECRET },
      { receivers: [{ name: 'webhook', type: 'webhook', readBy: 'programs', stateful: false }] },
    ],
    [
      'no receiver beside those of the file',
      { receivers: { soc: { type: 'slack', url: WEBHOOK } } },
      { SLACK_WEBHOOK_URL: WEBHOOK },
      { receivers: [{ name: 'soc' }] },
    ],
  ]
  it.each(environments)('takes from the environment %s', (_name, file, env, expected) => {
    const { config, problems } = parseConfig(file, env)
    expect(problems).toEqual([])
    expect(config).toMatchObject(expected as object)
    const { receivers } = expected as { receivers?: readonly unknown[] }
    if (receivers !== undefined) expect(config?.receivers.length).toBe(receivers.length)
  })

  const mistakes: [name: string, text: string, expected: readonly string[]][] = [
    [
      'an unknown key',
      '{ "ionso": {} }',
      ['tocsin.config.json:1:12: /ionso: unknown key "ionso", did you mean "ionos"?'],
    ],
    [
      'a duration without a unit, and a wrong zone, both at once',
      '{\n  "timezone": "Europe/Berln",\n  "ionos": { "interval": "30" }\n}',
      [
        'tocsin.config.json:2:15: /timezone: found "Europe/Berln", expected a time zone such as "Europe/Berlin"',
        'tocsin.config.json:3:26: /ionos/interval: found "30", expected a duration such as "30s", "10m", "2h" or "7d"',
      ],
    ],
    [
      'a variable that is not set',
      '{ "redis": { "url": "${NOT_SET}" } }',
      ['tocsin.config.json:1:21: /redis/url: the variable NOT_SET is not set: set it'],
    ],
    [
      'a file that is not there',
      '{ "ionos": { "token": "${file:/no/such/file}" } }',
      ["tocsin.config.json:1:23: /ionos/token: the file /no/such/file can't be read (ENOENT)"],
    ],
    [
      'a type of receiver that does not exist',
      '{ "receivers": { "a": { "type": "slak" } } }',
      [
        'tocsin.config.json:1:33: /receivers/a/type: unknown type of receiver "slak", did you mean "slack"?',
      ],
    ],
    [
      'a webhook that is no https',
      '{ "receivers": { "a": { "type": "slack", "url": "http://example.com/x" } } }',
      [
        'tocsin.config.json:1:49: /receivers/a/url: must be the https:// address of an incoming webhook, such as https://hooks.slack.com/services/…',
      ],
    ],
    [
      'a budget that is none, and one with a wrong key',
      '{ "receivers": { "a": { "type": "stdout", "budget": 5 },\n"b": { "type": "stdout", "budget": { "count": 0, "within": "10m" } },\n"c": { "type": "stdout", "budget": { "cuont": 1 } } } }',
      [
        'tocsin.config.json:1:53: /receivers/a/budget: found 5, expected { "count": 20, "within": "10m" }, or "off"',
        'tocsin.config.json:2:47: /receivers/b/budget/count: found 0, expected a whole number from 1 to 1000000',
        'tocsin.config.json:3:47: /receivers/c/budget/cuont: unknown key "cuont", did you mean "count"?',
      ],
    ],
    [
      'a webhook without a secret',
      '{ "receivers": { "a": { "type": "webhook", "url": "https://example.com/x" } } }',
      [
        'tocsin.config.json:1:23: /receivers/a/secret: must be "whsec_" and 24 to 64 bytes in base64 (`openssl rand -base64 32` makes one), or a list of such',
      ],
    ],
    ['no JSON', '{ "timezone": }', ['tocsin.config.json:1:15: /: no JSON: ValueExpected']],
  ]
  it.each(mistakes)('names the place of %s', async (_name, text, expected) => {
    expect(await problemsOf(text)).toEqual(expected)
  })

  it('fills in variables, files and comments', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'tocsin-config-'))
    writeFileSync(join(cwd, 'token'), 'from-file\n')
    const text =
      '{\n// a comment\n"ionos": { "token": "${file:token}" }, "redis": { "url": "${R}" },\n}'
    writeFileSync(join(cwd, 'own.json'), text)
    const { config, problems } = await loadConfig({
      env: { R: 'redis://r' },
      cwd,
      file: 'own.json',
    })
    expect(problems).toEqual([])
    expect(config?.ionos.credentials).toEqual({ kind: 'token', token: 'from-file' })
    expect(config?.redis.url).toBe('redis://r')
  })

  it('that was named must be there; the usual one need not', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'tocsin-config-'))
    expect((await loadConfig({ env: {}, cwd })).problems).toEqual([])
    const { problems } = await loadConfig({ env: {}, cwd, file: 'mine.json' })
    expect(problems.map(formatProblem)).toEqual([
      'mine.json: /: there is no such file: check --config or TOCSIN_CONFIG',
    ])
  })

  it.each([
    [{ SMTP_URL: 'smtp://localhost', ALERT_EMAIL_FROM: 'a@b.de' }, 'ALERT_EMAIL_TO'],
    [{ SMTP_URL: 'smtp://localhost', ALERT_EMAIL_TO: 'a@b.de' }, 'ALERT_EMAIL_FROM'],
  ])('of mail without all of its variables says which is missing: %#', (env, missing) => {
    const { config, problems } = parseConfig(undefined, env)
    expect(config).toBeUndefined()
    expect(problems[0]?.message).toBe(`it is set, but ${missing} is not: set both`)
  })

  it.each([
    [
      { LOG_LEVEL: 'loud' },
      'environment: LOG_LEVEL: unknown value "loud", expected one of debug, info, warn, error, silent',
    ],
    [
      { REDIS_URL: 'foo' },
      'environment: REDIS_URL: found "foo", expected an address redis://…, rediss://…, unix:///path, redis+sentinel://host,host/name or redis+cluster://host,host',
    ],
    [
      { WEBHOOK_URL: 'https://example.com/x' },
      'environment: WEBHOOK_URL: it is set, but WEBHOOK_SECRET is not: set both, so that requests are signed',
    ],
    [
      { SLACK_WEBHOOK_URL: 'http://example.com/x' },
      'environment: SLACK_WEBHOOK_URL: must be the https:// address of an incoming webhook, such as https://hooks.slack.com/services/…',
    ],
    [
      { IONOS_USERNAME: 'a' },
      'environment: IONOS_USERNAME: it is set, but IONOS_PASSWORD is not: set both, or better IONOS_TOKEN',
    ],
  ])('names the variable that is wrong: %#', (env, expected) => {
    expect(parseConfig(undefined, env as Env).problems.map(formatProblem)).toEqual([expected])
  })

  it('reads routes, maintenance and what they name', () => {
    const { config, problems } = parseConfig(
      {
        schedules: { nights: { hours: ['22:00-06:00'] } },
        receivers: { soc: { type: 'slack', url: WEBHOOK }, out: { type: 'stdout' } },
        route: {
          receivers: ['soc'],
          routes: [
            { match: { severity: '<high' }, receivers: ['out'], mute: ['nights', 'patching'] },
          ],
        },
        maintenance: [
          {
            name: 'patching',
            matchers: ['user =~ ^svc-'],
            schedule: { days: ['sun'] },
            comment: 'x',
          },
          { name: 'backup', matchers: ['rule = backup'], schedule: 'nights' },
        ],
        detection: { settle: '5m' },
      },
      {},
    )
    expect(problems).toEqual([])
    expect(config?.routing.route?.routes?.[0]?.match).toEqual({
      severity: ['info', 'low', 'medium'],
    })
    expect(config?.routing.maintenance.map(({ name, schedule }) => [name, schedule.name])).toEqual([
      ['patching', 'patching'],
      ['backup', 'nights'],
    ])
    expect([...(config?.routing.mutes.keys() ?? [])]).toEqual(['nights', 'patching', 'backup'])
    expect(config?.detection.settleMs).toBe(300_000)
  })

  it.each([
    [
      { receivers: { soc: { type: 'slack', url: WEBHOOK } }, route: { receivers: ['sock'] } },
      [
        '/route/receivers/0: unknown receiver "sock", did you mean "soc"?',
        '/route: warning: no route leads to the receiver "soc"',
      ],
    ],
    [
      { receivers: { soc: { type: 'slack' } }, route: { receivers: ['soc'] } },
      ['/receivers/soc/url: must be there, or instead of it "token" and "channel"'],
    ],
    [
      {
        maintenance: [{ name: 'a', matchers: ['rule = x'], schedule: 'nigths' }],
        schedules: { nights: {} },
      },
      ['/maintenance/0/schedule: unknown schedule "nigths", did you mean "nights"?'],
    ],
  ])('says what is wrong with routes and maintenance: %#', (file, expected) => {
    expect(parseConfig(file, {}).problems.map(formatProblem)).toEqual(expected)
  })

  it('never repeats a secret in a problem', () => {
    const env = {
      SLACK_WEBHOOK_URL: 'http://example.com/services/very-secret',
      REDIS_URL: 'redis://:pass-word@x',
    }
    const { problems } = parseConfig({ redis: { prefix: 'NO' } }, env)
    expect(problems.length).toBe(2)
    expect(problems.map(formatProblem).join('\n')).not.toMatch(/very-secret|pass-word/)
  })

  it('has the schema that is in schema/', () => {
    const path = join(import.meta.dirname, '../schema/config.schema.json')
    const written: unknown = JSON.parse(readFileSync(path, 'utf8'))
    expect(written).toEqual(JSON.parse(JSON.stringify(createConfigSchema())))
  })
})
