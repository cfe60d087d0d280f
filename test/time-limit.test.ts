// Owns the proofs about limits in time: they end work, they follow whoever cancels it, and nothing is left.
import { getEventListeners, once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { startTimeLimit } from '../src/time-limit.ts'
import { collectGarbage } from './garbage.ts'

const LONG_MS = 60_000

describe('a limit in time', () => {
  it('ends the work when the time is over', async () => {
    const { signal } = startTimeLimit(new AbortController().signal, 5)
    await once(signal, 'abort')
    expect(signal.reason).toMatchObject({ name: 'TimeoutError', message: 'not done within 5 ms' })
  })

  it('is still there after garbage was collected', async () => {
    const { signal } = startTimeLimit(new AbortController().signal, 50)
    const ended = once(signal, 'abort')
    await collectGarbage()
    await ended
    expect(signal.reason).toMatchObject({ name: 'TimeoutError' })
  })

  it.each([
    ['before', true],
    ['in the middle', false],
  ])('ends the work that somebody cancels %s, for the reason they give', (_when, isBefore) => {
    const controller = new AbortController()
    if (isBefore) controller.abort('cancelled')
    const limit = startTimeLimit(controller.signal, LONG_MS)
    controller.abort('cancelled')
    expect(limit.signal.reason).toBe('cancelled')
    limit.end()
  })

  it('leaves nothing with whoever could have cancelled it', () => {
    const { signal } = new AbortController()
    const limit = startTimeLimit(signal, LONG_MS)
    limit.end()
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    expect(limit.signal.aborted).toBe(false)
  })
})
