/** The places of addresses, from a file in MaxMind's MMDB format: GeoLite2, GeoIP2 or DB-IP for countries or cities. The operator downloads it. */
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { Reader, type CityResponse } from 'mmdb-lib'
import type { Log, Places } from '../login/ports.ts'
import { placeFrom } from './place-names.ts'

/** Without a file, no place is known. */
export const noPlaces: Places = { placeOf: () => null }

/** Looked up when a file is opened, to find damage: together they cross much of its tree. */
const probes = ['1.1.1.1', '8.8.8.8', '114.114.114.114', '203.0.113.1', '2001:4860:4860::8888', '240e::1']

/** The zero bytes between the tree and the data (MaxMind DB 2.0, "Data Section Separator"). */
const separatorBytes = 16

/**
 * Reads the whole file into memory; a new file needs a restart. Throws an Error whose message is one line for the operator when the file is missing, damaged,
 * no MMDB, or has no places.
 */
export const openPlaces = (path: string, log: Log): Places => {
  const reader = read(path)
  const { databaseType, buildEpoch } = reader.metadata
  log.info({ database: databaseType, built: buildEpoch }, 'places are read from GEOIP_FILE')
  let isLogged = false
  return {
    placeOf: (address) => {
      try {
        return placeFrom(find(reader, address))
      } catch (error) {
        if (!isLogged) log.warn({ code: 'geoip-damaged', err: error }, 'GEOIP_FILE is damaged, and some places stay unknown: download it again, and restart the service')
        isLogged = true
        return null
      }
    },
  }
}

const read = (path: string): Reader<CityResponse> => {
  const bytes = bytesOf(path)
  let reader: Reader<CityResponse>
  try {
    reader = new Reader<CityResponse>(bytes)
    const { binaryFormatMajorVersion, ipVersion, searchTreeSize, buildEpoch } = reader.metadata
    const separator = bytes.subarray(searchTreeSize, searchTreeSize + separatorBytes)
    if (binaryFormatMajorVersion !== 2 || ![4, 6].includes(ipVersion) || Number.isNaN(buildEpoch.getTime())) throw new Error('another format')
    if (separator.length < separatorBytes || separator.some((byte) => byte !== 0)) throw new Error('the tree does not end at its separator')
    for (const address of probes) find(reader, address)
  } catch (cause) {
    throw new Error(`GEOIP_FILE ${path} is no MMDB file, or is damaged`, { cause })
  }
  const { databaseType } = reader.metadata
  if (/ASN|ISP|Domain|Connection|Anonymous/.test(databaseType)) throw new Error(`GEOIP_FILE ${path} is a ${databaseType} and has no places: take one for countries or cities`)
  return reader
}

const bytesOf = (path: string): Buffer => {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new Error(`GEOIP_FILE can't be read: ${(cause as Error).message}`, { cause }) // node:fs throws Errors
  }
}

/** In a file for IPv4 only, the library would look an IPv6 address up by its first 32 bits. */
const find = (reader: Reader<CityResponse>, address: string): unknown => {
  const family = isIP(address)
  return family === 0 || (family === 6 && reader.metadata.ipVersion === 4) ? null : reader.get(address)
}
