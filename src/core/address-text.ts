// Owns how IP addresses are spelt: dotted IPv4 and the groups of IPv6. What they mean: address.ts.

/** The longest plain IPv6: six groups of four digits and a dotted end. */
const IPV6_LENGTH_MAX = 45

const DOT = 46
const COLON = 58

/**
 * The unsigned 32-bit word of dotted IPv4 from `start` to the end of the text: four decimal numbers
 * without leading zeros. -1 when it is none.
 */
export function parseDotted(text: string, start: number): number {
  let word = 0
  let octet = -1
  let dots = 0
  for (let index = start; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code === DOT) {
      if (octet < 0 || dots === 3) return -1
      word = word * 256 + octet
      octet = -1
      dots += 1
    } else {
      const digit = code - 48
      if (digit < 0 || digit > 9 || octet === 0) return -1
      octet = octet < 0 ? digit : octet * 10 + digit
      if (octet > 255) return -1
    }
  }
  return dots === 3 && octet >= 0 ? word * 256 + octet : -1
}

/** The eight 16-bit groups of IPv6 in any spelling, a dotted end included; no zone, no brackets. */
export function parseGroups(text: string): readonly number[] | undefined {
  if (text.length < 2 || text.length > IPV6_LENGTH_MAX) return undefined
  const groups: number[] = []
  let gap = -1
  let index = 0
  if (text.charCodeAt(0) === COLON) {
    if (text.charCodeAt(1) !== COLON) return undefined
    gap = 0
    index = 2
  }
  while (index < text.length) {
    if (groups.length === 8) return undefined
    let end = text.indexOf(':', index)
    if (end < 0) end = text.length
    if (end === text.length && text.includes('.', index)) {
      const word = parseDotted(text, index)
      if (word < 0 || groups.length > 6) return undefined
      groups.push(word >>> 16, word & 0xffff)
      break
    }
    const group = parseGroup(text, index, end)
    if (group < 0) return undefined
    groups.push(group)
    if (end === text.length) break
    index = end + 1
    if (index === text.length) return undefined
    if (text.charCodeAt(index) === COLON) {
      if (gap >= 0) return undefined
      gap = groups.length
      index += 1
    }
  }
  const missing = 8 - groups.length
  if (gap < 0 ? missing !== 0 : missing < 1) return undefined
  if (gap >= 0) groups.splice(gap, 0, ...Array.from({ length: missing }, () => 0))
  return groups
}

/** One to four hexadecimal digits, or -1. */
function parseGroup(text: string, start: number, end: number): number {
  if (end === start || end - start > 4) return -1
  let group = 0
  for (let index = start; index < end; index += 1) {
    const code = text.charCodeAt(index)
    const lower = code | 32
    if (code >= 48 && code <= 57) group = group * 16 + code - 48
    else if (lower >= 97 && lower <= 102) group = group * 16 + lower - 87
    else return -1
  }
  return group
}

/** Eight groups as RFC 5952 wants them. */
export function formatGroups(groups: readonly number[]): string {
  const { start, length } = longestZeros(groups)
  if (length < 2) return joinGroups(groups)
  return `${joinGroups(groups.slice(0, start))}::${joinGroups(groups.slice(start + length))}`
}

function joinGroups(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(':')
}

/** The first longest run of zero groups (RFC 5952 §4.2.3). */
function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let start = -1
  for (let index = 0; index <= groups.length; index += 1) {
    if (groups[index] === 0) {
      if (start < 0) start = index
    } else if (start >= 0) {
      if (index - start > best.length) best = { start, length: index - start }
      start = -1
    }
  }
  return best
}
