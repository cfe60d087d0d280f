// Owns the table of addresses of a Redis: what each means, and which are none.
import { expect, it } from 'vitest'
import { parseRedisAddress, type RedisAddress } from '../../src/state/redis-address.ts'

const host = (name: string, port = 6_379) => ({ host: name, port })

const addresses: readonly [text: string, meaning: RedisAddress][] = [
  ['unix:///run/redis.sock', { kind: 'socket', path: '/run/redis.sock', tls: false }],
  ['redis://db', { kind: 'server', host: host('db'), db: 0, tls: false }],
  ['redis://db/', { kind: 'server', host: host('db'), db: 0, tls: false }],
  ['redis://[::1]:7000/3', { kind: 'server', host: host('::1', 7_000), db: 3, tls: false }],
  [
    'rediss://tocsin:p%40ss%2Fw:rd@db.example.com:6380',
    {
      kind: 'server',
      username: 'tocsin',
      password: 'p@ss/w:rd',
      host: host('db.example.com', 6_380),
      db: 0,
      tls: true,
    },
  ],
  [
    'redis://:secret@db',
    { kind: 'server', password: 'secret', host: host('db'), db: 0, tls: false },
  ],
  [
    'redis+sentinel://a,b:26380/primary/2',
    {
      kind: 'sentinel',
      hosts: [host('a', 26_379), host('b', 26_380)],
      name: 'primary',
      db: 2,
      tls: false,
    },
  ],
  [
    'rediss+cluster://:secret@a:7000,b:7001',
    { kind: 'cluster', password: 'secret', hosts: [host('a', 7_000), host('b', 7_001)], tls: true },
  ],
]

it.each(addresses)('%s', (text, meaning) => {
  expect(parseRedisAddress(text)).toEqual(meaning)
})

const others = [
  'localhost:6379',
  'http://db',
  'redis://',
  'redis://a,b',
  'redis://db:99999',
  'redis://db:0',
  'redis://db/one',
  'redis://db/1/2',
  'redis://us%er@db',
  'redis+sentinel://a',
  'redis+sentinel://a/name/one',
  'redis+cluster://a/1',
  'redis+ring://a',
  'unix://run/redis.sock',
  `redis+cluster://${Array.from({ length: 65 }, () => 'a').join()}`,
]

it.each(others)('%s is none', (text) => {
  expect(parseRedisAddress(text)).toBeUndefined()
})
