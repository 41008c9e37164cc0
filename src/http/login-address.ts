import { encodeReturn, returnRefused } from '../../static/scan-login/destination.js'
import type { Config } from '../config.ts'
import { isReturnAllowed } from '../domain/return-to.ts'
import type { OriginalRequest } from './original-request.ts'

/**
 * Makes the whole address of the login for a visitor who comes from another page. They come back to that page; where that can't be, to the signed-in page, which
 * says so and leads on to the root of that site.
 */
export const loginAddressFor = ({ origin, target }: OriginalRequest, { PUBLIC_URL, basePath, origin: own }: Pick<Config, 'PUBLIC_URL' | 'basePath' | 'origin'>): string => {
  const wanted = origin === null || target === null || !target.startsWith('/') ? null : origin + target
  const returnTo = origin !== null && wanted !== null && isReturnAllowed(wanted, [origin]) ? wanted : `${basePath}/me${rootQuery(origin, own)}${returnRefused}`
  return `${PUBLIC_URL}/login?return_to=${encodeReturn(returnTo)}`
}

/** Our own root leads to the signed-in page, or is linked there anyway. */
const rootQuery = (origin: string | null, own: string): string => origin === null || origin === own ? '' : `?site=${encodeReturn(`${origin}/`)}`
