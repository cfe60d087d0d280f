// Owns what is known of an address: country, network, place. Which data it comes from is decided
// here; how each file is read is the other files' of this folder.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { addressKind, parseAddress } from '../core/address.ts'
import type { Clock } from '../core/clock.ts'
import { type GeoFacts, type LookUp, UNLOCATED } from '../core/event.ts'
import { INSTALLED } from '../installation.ts'
import type { Log } from '../observe/log.ts'
import { parseAsnTable } from './asn-table.ts'
import { centroidOf } from './centroids.ts'
import { type DataFile, type DataName, openDataFile } from './data-file.ts'
import { EnrichmentError } from './error.ts'
import { createFactsCache } from './facts-cache.ts'
import { parseMmdb } from './mmdb.ts'
import {
  isPlaced,
  type Network,
  parseCountry,
  parseNetwork,
  parsePlace,
  type Place,
} from './record.ts'
import { BUILTIN, type EnrichmentSources } from './sources.ts'

export type DataAge = {
  readonly name: DataName
  /** `builtin`, or the path of the file. */
  readonly source: string
  /** When the data was made, ms since the epoch; 0 when it does not say. */
  readonly builtAt: number
}

export type Enrichment = {
  /** What is known of an address as text. Never throws; unknown and not public is UNLOCATED. */
  readonly look: (ip: string | undefined) => GeoFacts
  /** The same for an address that was parsed. */
  readonly lookUp: LookUp
  readonly age: () => readonly DataAge[]
  /** Takes up changed files of the configuration until the signal aborts. */
  readonly run: (signal: AbortSignal) => Promise<void>
}

/** How often files are looked at. A change counts when it has held for two rounds. */
const REFRESH_INTERVAL_MS = 30_000

const COUNTRY_PACKAGE = '@ip-location-db/geo-whois-asn-country-mmdb'

/** Reads all data, some 20 MB. Throws an EnrichmentError when a file can't be used. */
export async function openEnrichment(
  options: EnrichmentSources & { readonly clock: Clock; readonly log: Log },
): Promise<Enrichment> {
  const { clock, log } = options
  const [country, network, place] = await Promise.all([
    openCountry(options.country, log),
    openNetwork(options.asn, log),
    options.city === undefined ? undefined : openPlace(options.city, log),
  ])
  // Whoever names a file of countries wants them from there; those of the installation are vaguer
  // than any city file's.
  const isCountryChosen = options.country !== BUILTIN
  const cache = createFactsCache((address) => {
    if (addressKind(address) !== 'public') return UNLOCATED
    const at = place?.find(address)
    const named = isCountryChosen || at?.country === undefined ? country.find(address) : undefined
    return combine(named ?? at?.country, network.find(address), at)
  })

  const chosen: readonly DataFile<unknown>[] = [
    ...(isCountryChosen ? [country] : []),
    ...(options.asn === BUILTIN ? [] : [network]),
    ...(place === undefined ? [] : [place]),
  ]

  return {
    look: (ip) => {
      const address = ip === undefined ? undefined : parseAddress(ip)
      return address === undefined ? UNLOCATED : cache.find(address)
    },
    lookUp: cache.find,
    age: () =>
      [country, network, ...(place === undefined ? [] : [place])].map((file) => ({
        name: file.name,
        source: chosen.includes(file) ? file.path : BUILTIN,
        builtAt: file.builtAt(),
      })),
    async run(signal) {
      for (;;) {
        await clock.sleep(REFRESH_INTERVAL_MS, signal)
        if (signal.aborted) return
        for (const file of chosen) if (await file.refresh()) cache.clear()
      }
    },
  }
}

function combine(
  country: string | undefined,
  network: Network | undefined,
  place: Place | undefined,
): GeoFacts {
  const middle = country === undefined ? undefined : centroidOf(country)
  const { latitude, longitude } =
    (place !== undefined && isPlaced(place) ? place : middle) ?? UNLOCATED
  return {
    country,
    asn: network?.asn,
    asOrg: network?.asOrg,
    city: place?.city,
    latitude,
    longitude,
    coarse: latitude !== undefined && place?.city === undefined,
  }
}

function openCountry(source: string, log: Log): Promise<DataFile<string>> {
  const name = 'country'
  const path = source === BUILTIN ? builtinCountryPath() : source
  const content = 'countries'
  return openDataFile({
    name,
    path,
    parse: (bytes) => parseMmdb(bytes, { path, content, parse: parseCountry }),
    log,
  })
}

function openNetwork(source: string, log: Log): Promise<DataFile<Network>> {
  const name = 'asn'
  if (source === BUILTIN) {
    return openDataFile({ name, path: builtinAsnPath(), parse: parseAsnTable, log })
  }
  const options = { path: source, content: 'networks', parse: parseNetwork }
  return openDataFile({ name, path: source, parse: (bytes) => parseMmdb(bytes, options), log })
}

function openPlace(path: string, log: Log): Promise<DataFile<Place>> {
  const options = { path, content: 'places', parse: parsePlace, isContent: isPlaced }
  return openDataFile({ name: 'city', path, parse: (bytes) => parseMmdb(bytes, options), log })
}

function builtinCountryPath(): string {
  try {
    return createRequire(import.meta.url).resolve(`${COUNTRY_PACKAGE}/geo-whois-asn-country.mmdb`)
  } catch (error) {
    const message = `the countries of addresses (${COUNTRY_PACKAGE}) are not installed`
    throw new EnrichmentError('not-built', message, error)
  }
}

function builtinAsnPath(): string {
  if (existsSync(INSTALLED.networks)) return INSTALLED.networks
  throw new EnrichmentError('not-built', 'the table of networks is not built: run `npm run build`')
}
