/** Where the service of a configuration answers on this machine. */
import { isIP } from 'node:net'
import type { Config } from '../config.ts'
import { plainAddress } from '../domain/address.ts'

/** Returns the address that reaches a service: one that listens on all addresses is on the loopback, too, and serve.ts takes "localhost" for that. */
const addressFor = (host: string): string => host === 'localhost' || ['::', '0.0.0.0'].includes(plainAddress(host)) ? '127.0.0.1' : host

/** Returns what stands for PUBLIC_URL on this machine. Throws where the port isn't known. */
export const localUrl = ({ HOST, PORT, basePath }: Pick<Config, 'HOST' | 'PORT' | 'basePath'>): string => {
  if (PORT === 0) throw new Error('PORT is 0, so that every start has another one: set a PORT')
  const host = addressFor(HOST)
  return `http://${isIP(host) === 6 ? `[${host}]` : host}:${PORT}${basePath}`
}
