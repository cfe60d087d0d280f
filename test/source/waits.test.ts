import { describe, expect, it } from 'vitest'
import { createBudget } from '../../src/source/budget.ts'
import { SourceError, type SourceErrorOptions } from '../../src/source/errors.ts'
import { growingWaitMs, retryWaitMs } from '../../src/source/waits.ts'
import { createVirtualClock } from './virtual-clock.ts'

const error = (options: SourceErrorOptions) => new SourceError('failed', options)

describe('the wait after a failure', () => {
  it.each([
    ['a first server error', { reason: 'server-error' }, 1, 1_000],
    ['a fourth server error', { reason: 'server-error' }, 4, 8_000],
    ['a long outage: 5 minutes and no more', { reason: 'network' }, 500, 300_000],
    ['a first refusal: one quick try', { reason: 'unauthorized' }, 1, 1_000],
    ['a second refusal', { reason: 'forbidden' }, 2, 2_000],
    ['a hundredth refusal', { reason: 'unauthorized' }, 100, 60_000],
    [
      '429 with Retry-After, plus jitter',
      { reason: 'rate-limited', retryAfterMs: 30_000 },
      9,
      31_000,
    ],
    ['503 with Retry-After', { reason: 'server-error', retryAfterMs: 7_000 }, 1, 8_000],
    ['429 without', { reason: 'rate-limited' }, 2, 2_000],
    ['an absurd Retry-After', { reason: 'rate-limited', retryAfterMs: 1e12 }, 1, 3_601_000],
  ] as const)('after %s', (_name, options, failures, ms) => {
    expect(retryWaitMs(error(options), failures, 1)).toBe(ms)
  })

  it('is never less than what was asked for, nor less than half of what grew', () => {
    expect(retryWaitMs(error({ reason: 'rate-limited', retryAfterMs: 5_000 }), 1, 0)).toBe(5_000)
    expect(growingWaitMs(3, 0, 300_000)).toBe(2_000)
  })
})

describe('the budget of requests', () => {
  const MAX = 12

  async function grantTimes(count: number): Promise<readonly number[]> {
    const clock = createVirtualClock(0)
    const budget = createBudget({ requestsPerMinuteMax: MAX, clock })
    const times: number[] = []
    const takers = Array.from({ length: count }, async () => {
      await budget.take('hot', new AbortController().signal)
      times.push(clock.now())
    })
    await Promise.all(takers)
    return times
  }

  it('lets no minute have more than the maximum, and wastes none of it in the long run', async () => {
    const times = await grantTimes(60)
    for (const from of times) {
      const within = times.filter((time) => time >= from && time < from + 60_000)
      expect(within.length).toBeLessThanOrEqual(MAX)
    }
    expect(times.at(-1)).toBeLessThan((60 / MAX) * 60_000 * 1.3)
  })

  it('serves hot reads before sweeps that waited longer', async () => {
    const clock = createVirtualClock(0)
    const budget = createBudget({ requestsPerMinuteMax: 1, clock })
    const signal = new AbortController().signal
    await budget.take('hot', signal)
    const order: string[] = []
    const sweep = budget.take('sweep', signal).then(() => order.push('sweep'))
    const hot = budget.take('hot', signal).then(() => order.push('hot'))
    await Promise.all([sweep, hot])
    expect(order).toEqual(['hot', 'sweep'])
  })

  it('sends nothing while paused', async () => {
    const clock = createVirtualClock(0)
    const budget = createBudget({ requestsPerMinuteMax: 120, clock })
    budget.pause(90_000)
    await budget.take('hot', new AbortController().signal)
    expect(clock.now()).toBe(90_000)
  })

  it('lets go of whoever aborts, and of its own wait when nobody is left', async () => {
    const waits: AbortSignal[] = []
    const clock = {
      now: () => 0,
      sleep: async (_ms: number, signal?: AbortSignal) =>
        await new Promise<void>((resolve) => {
          if (signal === undefined) return
          waits.push(signal)
          signal.addEventListener('abort', () => resolve())
        }),
    }
    const budget = createBudget({ requestsPerMinuteMax: 1, clock })
    const controller = new AbortController()
    await budget.take('hot', controller.signal)
    const waiting = budget.take('hot', controller.signal)
    controller.abort(new Error('stopping'))
    await expect(waiting).rejects.toThrow('stopping')
    expect(waits.map((signal) => signal.aborted)).toEqual([true])
  })
})
