// Every mistake a user can make in rules, one folder each: what is said about it, word for word.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { formatProblem } from '../src/core/problem.ts'
import { loadRuleSet } from '../src/ruleset.ts'

const FOLDER = join(import.meta.dirname, 'fixtures/rules')
const MISTAKES = readdirSync(FOLDER)

async function problemsOf(folder: string): Promise<string> {
  const { problems } = await loadRuleSet({
    folders: [folder],
    schedules: new Map(),
    nowDate: '2026-11-20',
  })
  const lines = problems.map((problem) => `${formatProblem(problem)}\n`).join('')
  return lines.replaceAll(`${folder}/`, '').replaceAll(folder, '.')
}

describe('a mistake in the rules is explained', () => {
  test('there are folders of mistakes', () => {
    expect(MISTAKES.length).toBeGreaterThan(100)
  })

  test.each(MISTAKES)('%s', async (mistake) => {
    const folder = join(FOLDER, mistake)
    const expected = readFileSync(join(folder, 'expected.txt'), 'utf8')
    expect(await problemsOf(folder)).toBe(expected)
  })
})
