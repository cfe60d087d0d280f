// Owns the progress line on a terminal: drawn over itself, gone when the work is done.
import type { Output } from './context.ts'

export type ProgressBar = {
  /** `share` is from 0 to 1; `text` stands behind the bar. */
  show(share: number, text: string): void
  clear(): void
}

const BAR_WIDTH = 24

/** A terminal that doesn't say how wide it is. */
const COLUMNS_DEFAULT = 80

const CLEAR_LINE = '\r\u001b[2K'

/** Draws nothing unless the output is a terminal. */
export function createProgressBar(output: Output): ProgressBar {
  if (output.isTTY !== true) return { show: () => undefined, clear: () => undefined }
  let drawn = ''
  return {
    show(share, text) {
      const whole = Math.min(1, Math.max(0, share))
      const filled = Math.round(whole * BAR_WIDTH)
      const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}`
      const percent = `${Math.floor(whole * 100)}`.padStart(3)
      // One column is left free: a full line would wrap, and be drawn again below itself.
      const line = `${bar} ${percent} %  ${text}`.slice(0, (output.columns ?? COLUMNS_DEFAULT) - 1)
      if (line === drawn) return
      drawn = line
      output.write(`${CLEAR_LINE}${line}`)
    },
    clear() {
      if (drawn !== '') output.write(CLEAR_LINE)
      drawn = ''
    },
  }
}
