// Owns one opened file of a rule set: its document, and a place for what is wrong in it.
import type { Problem } from './core/problem.ts'
import type { Schedule } from './core/schedule.ts'
import type { Report } from './core/shape.ts'
import { type Document, parseDocument } from './ruleset-document.ts'
import type { FileRole, RuleFile } from './ruleset-files.ts'

export type Source = {
  readonly file: RuleFile
  readonly document: Document
  /** Takes problems by pointer; line and column are added. */
  readonly report: Report
}

/** What building a rule set starts from. */
export type Build = {
  readonly schedules: ReadonlyMap<string, Schedule>
  /** Today in the configured time zone, `2026-11-20`; absent: expiry is not looked at. */
  readonly nowDate?: string
  readonly sources: readonly Source[]
}

export function openSource(file: RuleFile, problems: Problem[]): Source {
  const document = parseDocument(file.path, file.text)
  problems.push(...document.problems)
  return { file, document, report: (problem) => problems.push(document.place(problem)) }
}

/** The files of one role whose JSON could be read. */
export function sourcesOf(build: Build, role: FileRole): readonly Source[] {
  return build.sources.filter(
    ({ file, document }) => file.role === role && document.problems.length === 0,
  )
}
