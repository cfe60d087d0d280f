// Owns which data about addresses is used: what the configuration may say of it, and the defaults.
import { type Keys, record, type Shape, text } from '../core/shape.ts'

/** The data that comes with the installation, where a path may stand. */
export const BUILTIN = 'builtin'

/** Each `builtin`, or the path of a file in MaxMind's format. */
export type EnrichmentSources = {
  readonly country: string
  readonly asn: string
  /** Without such a file an address lies in the middle of its country. */
  readonly city?: string | undefined
}

export const BUILTIN_SOURCES: EnrichmentSources = { country: BUILTIN, asn: BUILTIN }

const PATH_LENGTH_MAX = 4_096

const source = text(PATH_LENGTH_MAX, '"builtin" or the path of a file in MaxMind\'s format')
const file = text(PATH_LENGTH_MAX, "the path of a file in MaxMind's format")

const KEYS = {
  country: { shape: source, about: 'Countries of addresses.', default: BUILTIN },
  asn: { shape: source, about: 'Networks of addresses.', default: BUILTIN },
  city: { shape: file, about: 'Cities and coordinates; without it the country is all.' },
} satisfies Keys

const shape = record(KEYS)

/** The key `enrich` of the configuration, with its defaults. */
export const enrichmentShape: Shape<EnrichmentSources> = {
  ...shape,
  parse(value, pointer, report) {
    const parsed = shape.parse(value, pointer, report)
    if (parsed === undefined) return undefined
    const { country, asn, city } = parsed
    return { country: country ?? BUILTIN, asn: asn ?? BUILTIN, city }
  },
}

/** The same with each path made absolute by `resolve`. */
export function resolveSources(
  { country, asn, city }: EnrichmentSources,
  resolve: (path: string) => string,
): EnrichmentSources {
  const resolved = (path: string) => (path === BUILTIN ? path : resolve(path))
  return {
    country: resolved(country),
    asn: resolved(asn),
    city: city === undefined ? undefined : resolve(city),
  }
}
