// Owns putting fast-clock.mjs in the place of the one file that reads the time.
const OWN = new URL('./fast-clock.mjs', import.meta.url).href
const REAL = new URL('../../dist/clock.js', import.meta.url).href

export async function resolve(specifier, context, next) {
  const found = await next(specifier, context)
  return found.url === REAL ? { ...found, url: OWN } : found
}
