// Owns parsing JSON without losing digits of long integers. What the value means is for others.

/** Integers with fewer digits than this are exact as numbers: 10^15 < 2^53. */
const LONG_INTEGER = /\d{16}/

/** A string (kept as it is), or a number: everything else of JSON has no digits. */
const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/gs

/**
 * Like `JSON.parse`, but an integer beyond ±(2^53 − 1) becomes a string with all of its digits:
 * contract numbers can be that long. Throws a SyntaxError when the text is no JSON.
 */
export function parseJsonExact(text: string): unknown {
  if (!LONG_INTEGER.test(text)) return JSON.parse(text)
  return JSON.parse(text.replace(STRING_OR_NUMBER, quoteLongInteger))
}

function quoteLongInteger(token: string): string {
  if (token.startsWith('"') || !/^-?(0|[1-9]\d*)$/.test(token)) return token
  return Number.isSafeInteger(Number(token)) ? token : `"${token}"`
}
