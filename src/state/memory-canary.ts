// Owns in memory which canaries were sent and which arrived; the same contract as redis-canary.ts.
import type { CanaryState } from '../core/canary.ts'
import type { CanaryStore } from './stores.ts'

export function createMemoryCanaryStore(): CanaryStore {
  let state: CanaryState = { sentAt: undefined, waitingSince: undefined }
  return {
    async send(at) {
      state = { sentAt: at, waitingSince: state.waitingSince ?? at }
    },
    async receive(sentAt) {
      const { waitingSince } = state
      if (waitingSince === undefined || waitingSince > sentAt) return
      state = { ...state, waitingSince: undefined }
    },
    state: async () => state,
  }
}
