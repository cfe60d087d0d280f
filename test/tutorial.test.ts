// Pages that are followed from top to bottom: their files are written, their quick commands run, and
// what they print is what is shown. Commands that need a service are only checked by docs.test.ts.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { followPage } from './follow-page.ts'

const home = process.cwd()
let folder: string

// Some commands name files from where the process is.
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-tutorial-'))
  process.chdir(folder)
})
afterEach(() => {
  process.chdir(home)
  rmSync(folder, { recursive: true })
})

/** Commands load what they need when they are first called. */
const TIMEOUT_MS = 120_000

test.each([
  ['docs/tutorial.md', ['rules', 'match'], 4],
  ['docs/backtest.md', ['rules', 'backtest'], 2],
])(
  '%s shows what its quick commands print',
  async (path, quick, blocks) => {
    expect(await followPage(path, { folder, quick })).toBe(blocks)
  },
  TIMEOUT_MS,
)
