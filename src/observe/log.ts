// Owns logging: structured lines on stderr, for people on a terminal, as JSON elsewhere.
import pino from 'pino'

/** What modules need of a logger: an object of fields first, then the sentence. */
export type Log = Pick<pino.Logger, 'debug' | 'info' | 'warn' | 'error' | 'child'>

/** A logger that says nothing, for tests and for commands that report by themselves. */
export const silentLog: Log = pino({ level: 'silent' })
