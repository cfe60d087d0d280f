// Owns what the records of MaxMind-format files say, in the spellings of their makers: GeoLite2 and
// GeoIP2, DB-IP, ip-location-db, IPinfo. The files themselves are mmdb.ts.
import { isFields, textOf } from '../core/fields.ts'

/** An autonomous system: a network under one management. */
export type Network = { readonly asn: number; readonly asOrg: string | undefined }

export type Place = {
  readonly country: string | undefined
  readonly city: string | undefined
  readonly latitude: number | undefined
  readonly longitude: number | undefined
}

const ASN_MAX = 0xffffffff

/** The country, as ISO 3166 code; undefined when the record tells none. */
export function parseCountry(record: unknown): string | undefined {
  // Where only the country of registration is known it is the best there is: anycast, satellites.
  const stated = [
    at(record, 'country', 'iso_code'),
    at(record, 'country_code'),
    at(record, 'country'),
    at(record, 'registered_country', 'iso_code'),
  ]
  return stated.map(parseCode).find((code) => code !== undefined)
}

/** The autonomous system; undefined when the record tells none. */
export function parseNetwork(record: unknown): Network | undefined {
  const stated = at(record, 'autonomous_system_number') ?? at(record, 'asn')
  const asn = Number(typeof stated === 'string' ? stated.replace(/^AS/i, '') : stated)
  if (!Number.isInteger(asn) || asn <= 0 || asn > ASN_MAX) return undefined
  const names = ['autonomous_system_organization', 'as_name', 'name', 'organization']
  const asOrg = names.map((name) => textOf(at(record, name))).find((name) => name !== undefined)
  return { asn, asOrg }
}

/** City and coordinates, with the country they lie in; undefined when it tells none of them. */
export function parsePlace(record: unknown): Place | undefined {
  const city = textOf(at(record, 'city', 'names', 'en')) ?? textOf(at(record, 'city'))
  const north = at(record, 'location', 'latitude') ?? at(record, 'latitude') ?? at(record, 'lat')
  const east = at(record, 'location', 'longitude') ?? at(record, 'longitude') ?? at(record, 'lng')
  const latitude = parseDegrees(north, 90)
  const longitude = parseDegrees(east, 180)
  const isLocated = latitude !== undefined && longitude !== undefined
  const country = parseCountry(record)
  if (country === undefined && city === undefined && !isLocated) return undefined
  return isLocated
    ? { country, city, latitude, longitude }
    : { country, city, latitude: undefined, longitude: undefined }
}

/** Whether it says more than the country. */
export function isPlaced({ city, latitude }: Place): boolean {
  return city !== undefined || latitude !== undefined
}

/** A member of a member; undefined when there is none. Only own properties are read. */
function at(record: unknown, ...names: readonly string[]): unknown {
  let value = record
  for (const name of names) {
    if (!isFields(value) || !Object.hasOwn(value, name)) return undefined
    value = value[name]
  }
  return value
}

function parseCode(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Za-z]{2}$/.test(value) ? value.toUpperCase() : undefined
}

/** Some makers write numbers as texts. */
function parseDegrees(value: unknown, max: number): number | undefined {
  if (typeof value !== 'number' && (typeof value !== 'string' || value === '')) return undefined
  const degrees = Number(value)
  return Math.abs(degrees) <= max ? degrees : undefined
}
