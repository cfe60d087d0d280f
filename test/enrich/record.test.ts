// Owns the proof that records of all makers are understood, and that odd ones say nothing.
import { describe, expect, it } from 'vitest'
import { parseCountry, parseNetwork, parsePlace } from '../../src/enrich/record.ts'

describe('the country of a record', () => {
  it.each([
    ['of GeoLite2', { country: { iso_code: 'DE', names: { en: 'Germany' } } }, 'DE'],
    ['of ip-location-db', { country_code: 'FR' }, 'FR'],
    ['of IPinfo', { country: 'US', continent: 'NA' }, 'US'],
    ['of IPinfo Lite', { country: 'United States', country_code: 'US' }, 'US'],
    ['in lower case', { country_code: 'nl' }, 'NL'],
    ['that knows where it is registered only', { registered_country: { iso_code: 'AU' } }, 'AU'],
    [
      'that knows both',
      { registered_country: { iso_code: 'AU' }, country: { iso_code: 'SG' } },
      'SG',
    ],
    ['with a name', { country: 'Germany' }, undefined],
    ['with another type', { country_code: 49, country: { iso_code: ['DE'] } }, undefined],
    ['without one', { continent: { code: 'EU' } }, undefined],
    ['that is no object', 'DE', undefined],
    ['that is a list', ['DE'], undefined],
    ['that is null', null, undefined],
  ])('%s', (_name, record, expected) => {
    expect(parseCountry(record)).toBe(expected)
  })
})

describe('the network of a record', () => {
  const organization = { autonomous_system_organization: 'IONOS SE' }
  it.each([
    [
      'of GeoLite2 or DB-IP',
      { autonomous_system_number: 8560, ...organization },
      { asn: 8560, asOrg: 'IONOS SE' },
    ],
    [
      'of IPinfo',
      { asn: 'AS8560', name: 'IONOS SE', domain: 'ionos.com' },
      { asn: 8560, asOrg: 'IONOS SE' },
    ],
    ['of IPinfo Lite', { asn: 'AS8560', as_name: 'IONOS SE' }, { asn: 8560, asOrg: 'IONOS SE' }],
    ['without a name', { autonomous_system_number: 8560 }, { asn: 8560, asOrg: undefined }],
    [
      'with an empty name',
      { autonomous_system_number: 8560, autonomous_system_organization: '' },
      { asn: 8560, asOrg: undefined },
    ],
    ['with number 0', { autonomous_system_number: 0, ...organization }, undefined],
    ['with a number that is none', { asn: 'AS-SET', ...organization }, undefined],
    ['with a number too large', { asn: 2 ** 32 }, undefined],
    ['with a part of a number', { asn: 1.5 }, undefined],
    ['with nothing but a name', organization, undefined],
    ['with an empty text', { asn: '' }, undefined],
    ['that is null', null, undefined],
  ])('%s', (_name, record, expected) => {
    expect(parseNetwork(record)).toEqual(expected)
  })
})

describe('the place of a record', () => {
  const nowhere = { country: undefined, city: undefined, latitude: undefined, longitude: undefined }
  it.each([
    [
      'of GeoLite2',
      {
        city: { names: { de: 'München', en: 'Munich' } },
        country: { iso_code: 'DE' },
        location: { latitude: 48.13, longitude: 11.57, accuracy_radius: 20 },
      },
      { country: 'DE', city: 'Munich', latitude: 48.13, longitude: 11.57 },
    ],
    [
      'of ip-location-db',
      { city: 'Lyon', country_code: 'FR', latitude: 45.7, longitude: 4.8, state1: 'Rhône' },
      { country: 'FR', city: 'Lyon', latitude: 45.7, longitude: 4.8 },
    ],
    [
      'of IPinfo, with numbers as texts',
      { city: 'Perth', country: 'AU', lat: '-31.95', lng: '115.86' },
      { country: 'AU', city: 'Perth', latitude: -31.95, longitude: 115.86 },
    ],
    [
      'at the crossing of equator and prime meridian',
      { location: { latitude: 0, longitude: 0 } },
      { ...nowhere, latitude: 0, longitude: 0 },
    ],
    ['with a city alone', { city: 'Lyon' }, { ...nowhere, city: 'Lyon' }],
    ['with half a place', { city: 'Lyon', latitude: 45.7 }, { ...nowhere, city: 'Lyon' }],
    [
      'with a place that is none',
      { city: 'Lyon', latitude: 91, longitude: 4 },
      { ...nowhere, city: 'Lyon' },
    ],
    [
      'with texts that are no numbers',
      { city: 'Lyon', latitude: '', longitude: 'x' },
      { ...nowhere, city: 'Lyon' },
    ],
    ['with a country alone', { country_code: 'FR' }, { ...nowhere, country: 'FR' }],
    ['with nothing of this', { postal: { code: '80331' } }, undefined],
    ['that is null', null, undefined],
  ])('%s', (_name, record, expected) => {
    expect(parsePlace(record)).toEqual(expected)
  })
})
