// Owns what every store of windows promises; the memory and the Redis one run the same tests.
import { describe, expect, it } from 'vitest'
import type {
  AlertStore,
  GroupCommit,
  WindowQuestion,
  WindowShape,
  WindowStore,
} from '../../src/state/stores.ts'
import { sampleAlert } from './sample.ts'

export type Opened = { readonly windows: WindowStore; readonly alerts: AlertStore }

const CONTRACT = '31720001'

/** `5=a`: an event at 5 that is a sighting of a; `5`: an event at 5; `5b`: another one. */
function memberOf(text: string) {
  const [time = '', value] = text.split('=')
  return {
    time: Number.parseInt(time, 10),
    text: `e${time}`,
    ...(value !== undefined && { value }),
  }
}

/** `5@1,1`: an event at 5 in this place; `5@`: one without a place. */
function placedOf(text: string) {
  const [time = '', place = ''] = text.split('@')
  return {
    time: Number.parseInt(time, 10),
    text: place === '' ? `e${time}` : `e${time} p${place}`,
    value: place,
  }
}

/** Adds these members, and asks for what lies at most 10 around. */
function question(line: string, changes: Partial<WindowQuestion> = {}): WindowQuestion {
  const members = line === '' ? [] : line.split(' ').map(line.includes('@') ? placedOf : memberOf)
  const times = members.map(({ time }) => time)
  const added = changes.added ?? { from: Math.min(...times), to: Math.max(...times) }
  const around = { from: added.from - 10, to: added.to + 10 }
  return {
    window: 'w1',
    group: 'g1',
    shape: 'events',
    unitMs: 10,
    members,
    added,
    read: around,
    replace: around,
    needed: 1,
    withdraws: 'never',
    quietMs: 5,
    membersMax: 100,
    expirySeconds: 1_000,
    ...changes,
  }
}

const SESSIONS = { shape: 'sessions', withdraws: 'behind' } as const
const SPANS = { shape: 'spans', withdraws: 'behind' } as const

function extent(window: string, first: number, last: number) {
  return { last, text: `${window} ${first} ${last} {"count":1}` }
}

function commitOf(changes: Partial<GroupCommit> = {}): GroupCommit {
  return { key: 'g1', version: 0, at: 0, events: [], alerts: [], notifications: [], ...changes }
}

export function describeWindowStore(open: () => Opened): void {
  const ask = async (store: Opened, line: string, changes: Partial<WindowQuestion> = {}) =>
    (await store.windows.ask(CONTRACT, [question(line, changes)]))[0]

  /** Two evaluators at once: the one has asked, the other adds, the one stores what it derived. */
  describe('what another evaluator is about to store', () => {
    const behind = { withdraws: 'behind' } as const
    it.each<[string, string, string, Partial<WindowQuestion>, 'committed' | 'conflict']>([
      ['stands when a sighting goes on with a session', '5=a 50=a', '9=a', SESSIONS, 'committed'],
      ['stands when a sighting begins one', '5=a 50=a', '80=a', SESSIONS, 'committed'],
      ['falls when a late one joins two', '30=a 45=a', '38=a', SESSIONS, 'conflict'],
      ['falls when a late one is the start', '5=a 50=a', '45=a', SESSIONS, 'conflict'],
      ['stands when an event comes last', '5 9', '30', behind, 'committed'],
      ['falls when an event comes between', '5 30', '20', behind, 'conflict'],
      ['falls with any event where silence counts', '5', '9', { withdraws: 'always' }, 'conflict'],
      ['stands with any event where more only adds', '5 30', '20', {}, 'committed'],
      ['stands when the newest span grows', '5 35', '36', SPANS, 'committed'],
      ['falls when an earlier span grows', '5 35', '6', SPANS, 'conflict'],
    ])('%s', async (_, known, late, changes, expected) => {
      const store = open()
      const version = (await ask(store, known, { ...changes, needed: 1 }))?.version ?? 0
      await ask(store, late, { ...changes, needed: 9 })
      const extents = { removed: [], added: [extent('w1', 5, 5)] }
      const results = await store.alerts.commit(CONTRACT, [commitOf({ version, extents })])
      expect(results).toEqual([expected])
    })
  })

  describe('events of which only some are rare', () => {
    const PLACES = { needed: 2, rare: { needed: 1, home: '?' } }
    const STEPS = { needed: 3, rare: { needed: 2, home: 'other' } }
    const LATER = { ...PLACES, floorMs: 100 }
    it.each<[string, [string, Partial<WindowQuestion>][], readonly number[] | undefined]>([
      ['nothing is read of one place', [['5@1,1 7@1,1', PLACES]], undefined],
      [
        'two places are read',
        [
          ['5@1,1', PLACES],
          ['7@2,2', PLACES],
        ],
        [5, 7],
      ],
      ['two places that came at once are read', [['5@1,1 7@2,2', PLACES]], [5, 7]],
      [
        'nothing is read without a place',
        [
          ['5@1,1', PLACES],
          ['6@ 7@', PLACES],
        ],
        undefined,
      ],
      [
        'the first place may come late',
        [
          ['5@ 6@', PLACES],
          ['7@1,1', PLACES],
        ],
        undefined,
      ],
      [
        'nothing is read when the other place is not around',
        [
          ['5@1,1', PLACES],
          ['8@2,2', PLACES],
          ['40@1,1 41@1,1', PLACES],
        ],
        undefined,
      ],
      [
        'a late event between others is read with the other place',
        [
          ['5@1,1', PLACES],
          ['12@2,2', PLACES],
          ['8@1,1', PLACES],
        ],
        [5, 8, 12],
      ],
      [
        'who moved is at home there when the place before is forgotten',
        [
          ['5@1,1', PLACES],
          ['105@2,2 106@2,2', LATER],
          ['107@2,2', LATER],
        ],
        undefined,
      ],
      [
        'and is seen to come back',
        [
          ['5@1,1', PLACES],
          ['105@2,2 106@2,2', LATER],
          ['109@1,1', LATER],
        ],
        [105, 106, 109],
      ],
      ['steps: too few of the first', [['5=other 6=other 7=first', STEPS]], undefined],
      [
        'steps: enough of it',
        [
          ['5=other 7=first', STEPS],
          ['8=first', STEPS],
        ],
        [5, 7, 8],
      ],
      [
        'steps: enough, but not around',
        [
          ['5=first 6=first', STEPS],
          ['20=other 21=first 22=other', STEPS],
        ],
        undefined,
      ],
    ])('%s', async (_, asked, times) => {
      const store = open()
      let found: Awaited<ReturnType<typeof ask>>
      for (const [line, changes] of asked) found = await ask(store, line, changes)
      expect(found?.members.map(({ time }) => time)).toEqual(times)
    })
  })

  describe('events', () => {
    it('are answered alike whether they were new or not', async () => {
      const store = open()
      const first = await ask(store, '5 7')
      expect(first?.members.map(({ time, text }) => [time, text])).toEqual([
        [5, 'e5'],
        [7, 'e7'],
      ])
      expect(await ask(store, '5 7')).toEqual(first)
    })

    it('are read as far as asked, both ends included', async () => {
      const store = open()
      await ask(store, '9 10 30 31')
      const found = await ask(store, '20')
      expect(found?.members.map(({ time }) => time)).toEqual([10, 20, 30])
    })

    it('say nothing when they are too few for a detection and none is stored', async () => {
      const store = open()
      expect(await ask(store, '1 2', { needed: 3 })).toBeUndefined()
      expect((await ask(store, '3', { needed: 3 }))?.members.length).toBe(3)
    })

    it('speak up for a stored detection though they are too few', async () => {
      const store = open()
      await store.alerts.commit(CONTRACT, [
        commitOf({ extents: { removed: [], added: [extent('w1', 1, 4)] } }),
      ])
      const found = await ask(store, '8', { needed: 9 })
      expect(found?.extents).toEqual([extent('w1', 1, 4).text])
      expect(await ask(store, '8', { needed: 9, window: 'w2' })).toBeUndefined()
    })

    it('are read in whatever detection reaches into what is asked for', async () => {
      const store = open()
      await ask(store, '0 40 95')
      await store.alerts.commit(CONTRACT, [
        commitOf({ extents: { removed: [], added: [extent('w1', 0, 95)] } }),
      ])
      expect((await ask(store, '100'))?.members.map(({ time }) => time)).toEqual([0, 40, 95, 100])
    })

    it('before the floor go, unless they are evidence', async () => {
      const store = open()
      await ask(store, '1 2 50')
      await store.alerts.commit(CONTRACT, [
        commitOf({ extents: { removed: [], added: [extent('w1', 2, 50)] } }),
      ])
      await ask(store, '60', { floorMs: 10 })
      expect((await ask(store, '2'))?.members.map(({ time }) => time)).toEqual([1, 2, 50])
      const [text] = [extent('w1', 2, 50).text]
      await store.alerts.commit(CONTRACT, [
        commitOf({ version: 1, extents: { removed: [text], added: [extent('w1', 10, 50)] } }),
      ])
      await ask(store, '61', { floorMs: 10 })
      const rest = await ask(store, '', { added: { from: 0, to: 70 } })
      expect(rest?.members.map(({ time }) => time)).toEqual([50, 60, 61])
    })

    it('go with the commit that seals them', async () => {
      const store = open()
      await ask(store, '1 9 10')
      await store.alerts.commit(CONTRACT, [commitOf({ trims: [{ window: 'w1', belowMs: 10 }] })])
      const rest = await ask(store, '', { added: { from: 0, to: 20 } })
      expect(rest?.members.map(({ time }) => time)).toEqual([10])
    })

    it('are bounded: the oldest go, and the answer says so', async () => {
      const store = open()
      expect((await ask(store, '1 2 3', { membersMax: 3 }))?.atLeast).toBe(false)
      const found = await ask(store, '4', { membersMax: 3 })
      expect(found?.members.map(({ time }) => time)).toEqual([2, 3, 4])
      expect(found?.atLeast).toBe(true)
    })

    it('of one window are no business of another, or of another contract', async () => {
      const store = open()
      await ask(store, '1')
      expect((await ask(store, '2', { window: 'w2' }))?.members.length).toBe(1)
      const [other] = await store.windows.ask('31720002', [question('2')])
      expect(other?.members.length).toBe(1)
    })
  })

  describe('alerts of the group', () => {
    const alert = (id: string, first: number, last: number) => sampleAlert({ id, first, last })

    it('come with all detections in them, of whatever window', async () => {
      const store = open()
      const near = alert('g1-1', 15, 40)
      const added = [extent('w1', 15, 20), extent('w2', 22, 40), extent('w2', 90, 91)]
      await store.alerts.commit(CONTRACT, [
        commitOf({ alerts: [near, alert('g1-2', 90, 91)], extents: { removed: [], added } }),
      ])
      const found = await ask(store, '1')
      expect(found?.version).toBe(1)
      expect(found?.alerts).toEqual([near])
      expect([...(found?.extents ?? [])].sort()).toEqual([added[0]?.text, added[1]?.text])
    })

    // Found by fuzz: behind a cut a detection reaches from there to its first event, its alert only from that.
    it('come along when a detection that is read reaches to them, before they begin', async () => {
      const store = open()
      await ask(store, '1')
      await store.alerts.commit(CONTRACT, [
        commitOf({
          alerts: [alert('g1-1', 100, 100)],
          extents: { removed: [], added: [extent('w2', 8, 100)] },
        }),
      ])
      const answer = await ask(store, '2')
      expect(answer?.alerts.map(({ id }) => id)).toEqual(['g1-1'])
      expect(answer?.extents).toEqual([extent('w2', 8, 100).text])
    })

    it('that were merged or withdrawn are not among them', async () => {
      const store = open()
      const gone = ['merged', 'superseded'].map((resolution, at) =>
        sampleAlert({
          id: `g1-${at}`,
          first: 0,
          last: 30,
          state: 'resolved',
          resolution: resolution as 'merged',
        }),
      )
      await store.alerts.commit(CONTRACT, [commitOf({ alerts: gone })])
      expect((await ask(store, '1'))?.alerts).toEqual([])
    })

    it.each([
      ['ends just within quiet', -20, -14, true],
      ['ended before it', -20, -15, false],
      ['begins just within quiet', 16, 90, true],
      ['begins beyond it', 17, 90, false],
    ])('are near or not: one that %s', async (_name, first, last, isNear) => {
      const store = open()
      await store.alerts.commit(CONTRACT, [commitOf({ alerts: [alert('g1-1', first, last)] })])
      expect((await ask(store, '1'))?.alerts.length).toBe(isNear ? 1 : 0)
    })
  })

  describe('sessions', () => {
    const shape: WindowShape = 'sessions'
    const shown = async (store: Opened, line: string) => {
      const found = await ask(store, line, { shape, replace: { from: 0, to: 1_000 } })
      return found?.members
        .map(({ time, untilMs, text, value }) => `${value}:${text}@${time}-${untilMs}`)
        .sort()
    }

    const cases: readonly (readonly [string, readonly string[], string, readonly string[]])[] = [
      ['begin with a sighting', ['5=a'], '5=a', ['a:e5@5-5']],
      ['go on for as long as the gap allows', ['5=a', '15=a'], '5=a', ['a:e5@5-15']],
      ['end when it is longer', ['5=a', '16=a'], '5=a', ['a:e5@5-5', 'a:e16@16-16']],
      ['begin earlier with a late sighting', ['15=a'], '5=a', ['a:e5@5-15']],
      ['are joined by one between', ['5=a', '25=a', '15=a'], '5=a', ['a:e5@5-25']],
      ['are not changed by one inside', ['5=a', '15=a', '10=a'], '5=a', ['a:e5@5-15']],
      ['of one time begin with the lower id', ['5b=a', '5=a'], '5=a', ['a:e5@5-5']],
    ]
    it.each(cases)('%s', async (_name, lines, last, sessions) => {
      const store = open()
      for (const line of lines) await ask(store, line, { shape })
      expect(await shown(store, last)).toEqual([...sessions].sort())
    })

    it('of other values come along only behind a new first event', async () => {
      const store = open()
      await ask(store, '50=a', { shape })
      await ask(store, '60=b', { shape })
      expect(await shown(store, '61=c')).toEqual(['c:e61@61-61'])
      expect(await shown(store, '40=d')).toHaveLength(4)
      expect((await ask(store, '40=d', { shape }))?.first).toBe(40)
    })

    it('say nothing of a sighting inside one, when no detection is stored around', async () => {
      const store = open()
      await ask(store, '1=b 5=a 15=a', { shape })
      expect(await ask(store, '10=a', { shape })).toBeUndefined()
      await store.alerts.commit(CONTRACT, [
        commitOf({ extents: { removed: [], added: [extent('w1', 12, 12)] } }),
      ])
      expect((await ask(store, '10=a', { shape }))?.extents).toHaveLength(1)
    })
  })

  describe('spans', () => {
    const shape: WindowShape = 'spans'

    it('count each event once', async () => {
      const store = open()
      await ask(store, '5 7 25', { shape })
      const found = await ask(store, '5 7 26', { shape })
      expect(found?.bins).toEqual([
        { span: 0, count: 2 },
        { span: 2, count: 2 },
      ])
      expect(found?.first).toBe(5)
    })

    it('keep their number when the events go', async () => {
      const store = open()
      await ask(store, '5 7 25', { shape })
      const found = await ask(store, '26', { shape, floorMs: 20, spansFloorMs: 0 })
      expect(found?.bins?.[0]).toEqual({ span: 0, count: 2 })
      const later = await ask(store, '27', { shape, spansFloorMs: 10 })
      expect(later?.bins).toEqual([{ span: 2, count: 3 }])
    })

    it('say nothing while none of them is large enough', async () => {
      const store = open()
      await ask(store, '5', { shape })
      expect(await ask(store, '15 16', { shape, needed: 3 })).toBeUndefined()
      expect((await ask(store, '17', { shape, needed: 3 }))?.bins?.length).toBe(2)
    })
  })

  describe('what waits for the mark', () => {
    const due = (store: Opened, markMs: number) => store.windows.due(CONTRACT, markMs, 10)

    it('is due when the mark is there, for the earliest of its events', async () => {
      const store = open()
      await ask(store, '5', { wakeAtMs: 105, about: 'one' })
      await ask(store, '7', { wakeAtMs: 107, about: 'one' })
      expect(await due(store, 104)).toEqual([])
      expect(await due(store, 105)).toEqual([{ window: 'w1', dueMs: 105, about: 'one' }])
    })

    it('tells for which mark the first waits', async () => {
      const store = open()
      expect(await store.windows.nextDue(CONTRACT)).toBeUndefined()
      await ask(store, '7', { wakeAtMs: 107, about: 'one' })
      await ask(store, '5', { wakeAtMs: 105, about: 'two', window: 'w2' })
      expect(await store.windows.nextDue(CONTRACT)).toBe(105)
    })

    it('is due again for the next event, and no more when there is none', async () => {
      const store = open()
      await ask(store, '5 7', { wakeAtMs: 105, about: 'one' })
      const [first] = await due(store, 105)
      if (first === undefined) throw new Error('it is due')
      await store.windows.finishDue(CONTRACT, { ...first, uptoMs: 5, waitMs: 100 })
      expect(await due(store, 106)).toEqual([])
      const [second] = await due(store, 107)
      if (second === undefined) throw new Error('it is due')
      await store.windows.finishDue(CONTRACT, { ...second, uptoMs: 7, waitMs: 100 })
      expect(await due(store, 1_000)).toEqual([])
    })

    it('stays due when an earlier event came while it was looked at', async () => {
      const store = open()
      await ask(store, '7', { wakeAtMs: 107, about: 'one' })
      const [first] = await due(store, 107)
      if (first === undefined) throw new Error('it is due')
      await ask(store, '2', { wakeAtMs: 102, about: 'one' })
      await store.windows.finishDue(CONTRACT, { ...first, uptoMs: 7, waitMs: 100 })
      expect(await due(store, 102)).toHaveLength(1)
    })
  })
}
