/** Signatures that are valid by RFC 9421 and invalid by our profile: all that is declared is also signed, with the right key. */
import { createHash, createHmac, randomBytes } from 'node:crypto'
import type { Call } from './test-service.ts'
import type { PhoneKeyAnswer } from './clients.ts'

export interface Craft {
  method?: string
  authority?: string
  path?: string
  query?: string
  /** What the digest is computed of; the body by default. */
  digested?: string | Buffer
  /** The whole Content-Digest header. */
  digest?: string
  components?: string[]
  parameters?: string[]
  label?: string
  macLabel?: string
  /** The whole signature input, for what `components` and `parameters` can't express. */
  input?: string
  key?: PhoneKeyAnswer
  mac?: (mac: string) => string
}

export const profileComponents = ['"@method"', '"@authority"', '"@path"', '"@query"', '"content-digest"']

export const freshNonce = (): string => randomBytes(16).toString('base64url')

/** The five parameters of the profile. */
export const profileParameters = (keyId: string, created: number, nonce = freshNonce()): string[] =>
  [`created=${created}`, `nonce="${nonce}"`, `keyid="${keyId}"`, 'alg="hmac-sha256"', 'tag="scan-login"']

/** Signs a call as the profile asks, but for what `craft` changes. */
export const craftSignature = (call: Call, key: PhoneKeyAnswer, created: number, craft: Craft = {}): Record<string, string> => {
  const body = call.body === undefined ? '' : Buffer.isBuffer(call.body) || typeof call.body === 'string' ? call.body : JSON.stringify(call.body)
  const [path = '', query = ''] = call.path.split(/\?(.*)/s)
  const digest = craft.digest ?? `sha-256=:${createHash('sha256').update(craft.digested ?? body).digest('base64')}:`
  const authority = craft.authority ?? 'login.example.com'
  const values: Record<string, string> = {
    '"@method"': craft.method ?? call.method ?? 'GET',
    '"@authority"': authority,
    '"@path"': craft.path ?? path,
    '"@query"': `?${craft.query ?? query}`,
    '"content-digest"': digest,
    '"content-digest";sf': digest,
    '"content-digest";req': digest,
    '"@scheme"': 'https',
    '"@target-uri"': `https://${authority}${call.path}`,
    '"@request-target"': call.path,
    '"content-type"': 'application/json',
    '"host"': authority,
    '"@query-param";name="a"': '1',
  }
  const components = craft.components ?? profileComponents
  const parameters = craft.parameters ?? profileParameters((craft.key ?? key).key_id, created)
  const input = craft.input ?? `(${components.join(' ')})${parameters.map((parameter) => `;${parameter}`).join('')}`
  const base = [...components.map((component) => `${component}: ${values[component]}`), `"@signature-params": ${input}`].join('\n')
  const mac = createHmac('sha256', Buffer.from((craft.key ?? key).key, 'base64url')).update(base).digest('base64')
  const label = craft.label ?? 'sig1'
  return {
    'content-digest': digest,
    'signature-input': `${label}=${input}`,
    signature: `${craft.macLabel ?? label}=:${(craft.mac ?? ((same) => same))(mac)}:`,
  }
}
