// Owns one process of the long fuzz: judges the chunks it is sent and answers with what it met.
// Which chunks there are: verdicts.mjs.
import { createCounts, fuzzVerdicts } from '../core/verdict-fuzz.ts'

type Chunk = { readonly seed: number; readonly cases: number }

process.on('message', (chunk: Chunk) => {
  void judgeChunk(chunk)
})
process.on('disconnect', () => process.exit(0))
// A terminal sends Ctrl-C to every process: the one that tells what was done ends the others.
process.on('SIGINT', () => {})

async function judgeChunk({ seed, cases }: Chunk): Promise<void> {
  const counts = createCounts()
  try {
    await fuzzVerdicts({ seed, cases }, counts)
    process.send?.({
      ...counts,
      operators: [...counts.operators],
      decorators: [...counts.decorators],
      comparisons: [...counts.comparisons],
    })
  } catch (error) {
    process.send?.({ difference: describe(error) })
  }
}

/** fast-check tells the drawn case, and as the cause what went wrong with it. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause instanceof Error ? `\n${error.cause.message}` : ''
  return error.message + cause
}
