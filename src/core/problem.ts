// Owns the shape of a fault in what a user wrote (rules, configuration). Never thrown: collected.

/**
 * One fault at one place of a document. `pointer` is a JSON pointer (RFC 6901) into it; line and
 * column (1-based) are added by whoever has the text.
 */
export type Problem = {
  readonly level: 'error' | 'warning'
  readonly pointer: string
  /** What was found, what was expected, and what to do: one sentence for a newcomer. */
  readonly message: string
  readonly file?: string
  readonly line?: number
  readonly column?: number
}

/** `file:line:column: /json/pointer: message`, leaving out what is unknown. */
export function formatProblem(problem: Problem): string {
  const place = [problem.file, problem.line, problem.column].filter((part) => part !== undefined)
  const level = problem.level === 'warning' ? 'warning: ' : ''
  const head = place.length > 0 ? `${place.join(':')}: ` : ''
  return `${head}${problem.pointer || '/'}: ${level}${problem.message}`
}
