// Owns how deep a value may be nested: what is written again as JSON, or walked through, must end
// before the stack does. An honest entry has a dozen levels.

/** Levels of objects and lists that are kept. */
export const LEVELS_MAX = 200

/** Stands in the place of what was nested too deep. */
export const TOO_DEEP = '… (nested too deep)'

/** The same value when nothing in it is too deep, else a copy in which TOO_DEEP ends each such part. */
export function boundNesting(value: unknown, levelsMax = LEVELS_MAX): unknown {
  return isDeeper(value, levelsMax) ? cut(value, levelsMax) : value
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  if (Array.isArray(value)) return value.some((item) => isDeeper(item, levels - 1))
  for (const key in value) {
    if (isDeeper((value as Readonly<Record<string, unknown>>)[key], levels - 1)) return true
  }
  return false
}

function cut(value: unknown, levels: number): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (levels === 0) return TOO_DEEP
  if (Array.isArray(value)) return value.map((item) => cut(item, levels - 1))
  // `fromEntries` defines what is named __proto__, as JSON.parse does.
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, cut(one, levels - 1)]))
}
