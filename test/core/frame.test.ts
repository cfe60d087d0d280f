import { describe, expect, it } from 'vitest'
import { type Event, FACT_NAMES } from '../../src/core/event.ts'
import { createFrame, fillFrame, placeOf, turnOf } from '../../src/core/frame.ts'

describe('frames', () => {
  it('have each fact at its place', () => {
    const named = Object.fromEntries(FACT_NAMES.map((name) => [name, `value of ${name}`]))
    const frame = createFrame()
    fillFrame(frame, named as unknown as Event)
    const shown = FACT_NAMES.map((name) => frame[placeOf(name)])
    expect(shown).toEqual(FACT_NAMES.map((name) => `value of ${name}`))
  })

  it('forget the event before', () => {
    const frame = createFrame()
    fillFrame(frame, { id: 'a', user: 'x' } as unknown as Event)
    const turn = turnOf(frame)
    fillFrame(frame, { id: 'b' } as unknown as Event)
    expect(frame[placeOf('user')]).toBeUndefined()
    expect(turnOf(frame)).not.toBe(turn)
  })
})
