/** Where a service answers on its own machine. */
import { isIP } from 'node:net'
import type { Config } from '../config.ts'
import { plainAddress } from '../domain/address.ts'

/** Returns host and port of a listener on this machine, as URLs have them: one on all addresses is on the loopback, too, and serve.ts takes "localhost" for that. */
export const localAuthority = (host: string, port: number): string => {
  const address = host === 'localhost' || ['::', '0.0.0.0'].includes(plainAddress(host)) ? '127.0.0.1' : host
  return `${isIP(address) === 6 ? `[${address}]` : address}:${port}`
}

/** Returns what stands for PUBLIC_URL on this machine. Throws where the port isn't known. */
export const localUrl = ({ HOST, PORT, basePath }: Pick<Config, 'HOST' | 'PORT' | 'basePath'>): string => {
  if (PORT === 0) throw new Error('PORT is 0, so that every start has another one: set a PORT')
  return `http://${localAuthority(HOST, PORT)}${basePath}`
}
