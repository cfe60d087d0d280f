// Changes of rule files, noticed by asking; the clock is stepped by the tests.
import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readRuleFiles } from '../src/ruleset-files.ts'
import { watchRuleSet } from '../src/ruleset-watch.ts'

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tocsin-watch-'))
  mkdirSync(join(root, 'rules'))
  write('a', 'one')
})

afterEach(() => {
  rmSync(root, { recursive: true })
})

/** The text tells versions apart; it need not be a rule. */
function write(name: string, text: string): void {
  writeFileSync(join(root, 'rules', `${name}.json`), text)
}

/** Runs one action before each round of the watch, and says what was heard. */
async function watch(actions: readonly (() => void)[]): Promise<readonly string[]> {
  const folders = [join(root, 'rules')]
  const { version } = await readRuleFiles(folders)
  const controller = new AbortController()
  const heard: string[] = []
  let round = 0
  await watchRuleSet({
    folders,
    version,
    signal: controller.signal,
    clock: {
      now: () => 0,
      async sleep() {
        const action = actions[round]
        round += 1
        if (action === undefined) controller.abort()
        else action()
      },
    },
    onChange: (files) => void heard.push(files.files.map(({ text }) => text).join('+')),
    onError: ({ message }) => void heard.push(message.replace(root, '')),
  })
  return heard
}

const nothing = () => {}
const touch = () => utimesSync(join(root, 'rules/a.json'), 1, 1)
const away = () => renameSync(join(root, 'rules'), join(root, 'away'))
const back = () => {
  renameSync(join(root, 'away'), join(root, 'rules'))
  write('a', 'back again')
}

test('nothing is heard while nothing changes', async () => {
  expect(await watch([nothing, nothing, nothing])).toEqual([])
})

test('a change is heard once it has held for two rounds', async () => {
  expect(await watch([nothing, nothing, () => write('a', 'two!')])).toEqual([])
  write('a', 'one')
  const heard = await watch([nothing, nothing, () => write('a', 'two!'), nothing, nothing])
  expect(heard).toEqual(['two!'])
})

test('a change before the first round is heard, too', async () => {
  expect(await watch([() => write('a', 'two!'), nothing, nothing])).toEqual(['two!'])
})

test('files that are still being written are waited for', async () => {
  const heard = await watch([
    nothing,
    nothing,
    () => write('a', 'two, '),
    () => write('a', 'two, and '),
    () => write('a', 'two, and three'),
    nothing,
    nothing,
  ])
  expect(heard).toEqual(['two, and three'])
})

test('a file that was only touched is no change', async () => {
  expect(await watch([nothing, nothing, touch, nothing, nothing])).toEqual([])
})

test('a new file and one that goes are changes', async () => {
  const heard = await watch([
    nothing,
    nothing,
    () => write('b', 'new'),
    nothing,
    () => rmSync(join(root, 'rules/b.json')),
    nothing,
  ])
  expect(heard).toEqual(['one+new', 'one'])
})

test('a folder that is gone is said once, and its return with other rules is heard', async () => {
  const heard = await watch([nothing, nothing, away, nothing, nothing, back, nothing, nothing])
  expect(heard).toEqual(['read the rules folder /rules: it does not exist', 'back again'])
})
