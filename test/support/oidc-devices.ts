/** Devices that ask for a login (RFC 8628), and the browsers of the people who decide. */
import type { OidcClient } from '../../src/oidc/client.ts'
import { pageWords } from '../../src/oidc/page-words.ts'
import { logIn } from './login.ts'
import { CookieJar, testClient, visit } from './oidc.ts'
import { formHeaders, submit } from './oidc-forms.ts'
import type { Answer, TestService } from './test-service.ts'

export const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'
export const tv = testClient({ clientId: 'tv', name: 'The telly', isPublic: true, secretHashes: [], redirectUris: [] })
export const { en } = pageWords

export const form = (body: Record<string, string>) => ({ method: 'POST', headers: { ...formHeaders, 'accept-language': 'en' }, body: new URLSearchParams(body).toString() } as const)

export const askForCode = async (service: TestService, more: { readonly client?: OidcClient, readonly userAgent?: string, readonly from?: string } = {}): Promise<any> => {
  const { client = tv, userAgent = 'Telly/2.1 (LAN)', from = '192.0.2.77' } = more
  const call = form({ client_id: client.clientId, scope: 'openid profile' })
  const { status, json, text } = await service.call({ ...call, path: '/oidc/device/auth', headers: { ...call.headers, accept: 'application/json', 'user-agent': userAgent }, from })
  if (status !== 200) throw new Error(text)
  return json
}

export const poll = (service: TestService, deviceCode: string): Promise<Answer> => {
  const call = form({ client_id: 'tv', grant_type: deviceGrant, device_code: deviceCode })
  return service.call({ ...call, path: '/oidc/token', headers: { ...call.headers, accept: 'application/json' } })
}

/** A browser in English, logged in or not. */
export const openBrowser = async (service: TestService, { isLoggedIn = true } = {}) => {
  const jar = new CookieJar()
  const login = isLoggedIn ? await logIn(service) : null
  if (login !== null) jar.set(...login.cookie.split('=') as [string, string])
  const typeCode = async (userCode: string): Promise<Answer> => {
    const page = await visit(service, jar, '/oidc/device?ui_locales=en')
    return await submit(service, jar, page, { user_code: userCode })
  }
  return { jar, phone: login?.phone, typeCode, decide: (page: Answer, decision: 'confirm' | 'abort') => submit(service, jar, page, { [decision]: 'yes' }) }
}
