/** The signature of a phone's request: RFC 9421 and RFC 9530 as src/http/README.md, "API", uses them, without options. */
import { base64, utf8 } from './bytes'
import { hmacSha256 } from './hmac-sha256'
import { sha256 } from './sha256'

export interface SignedRequest {
  /** In upper case. */
  readonly method: string
  /** The service's address, with its path if it has one: `https://example.com/login`. No slash at the end. */
  readonly serviceUrl: string
  /** As sent, after the service URL: `/api/phone/sessions`. */
  readonly path: string
  /** As sent, without the question mark; empty if there is none. */
  readonly query: string
  /** As sent; empty if there is none. */
  readonly body: string
  readonly key: Uint8Array
  readonly keyId: string
  /** Seconds since 1970, by the service's clock. */
  readonly created: number
  /** 16 to 64 base64url characters, never used before. */
  readonly nonce: string
}

export interface SignatureHeaders {
  readonly 'Content-Digest': string
  readonly 'Signature-Input': string
  readonly Signature: string
}

/** Returns `@authority` (RFC 9421 §2.2.3: lower case, no default port) and the path that the service is mounted at. */
const partsOf = (serviceUrl: string): { authority: string, prefix: string } => {
  const [, scheme, host, prefix] = /^(https?):\/\/([^/?#@]+)((?:\/[^/?#]+)*)$/i.exec(serviceUrl) ?? []
  if (scheme === undefined || host === undefined || prefix === undefined) throw new TypeError(`not the address of a service: ${serviceUrl}`)
  const defaultPort = scheme.toLowerCase() === 'https' ? /:443$/ : /:80$/
  return { authority: host.toLowerCase().replace(defaultPort, ''), prefix }
}

/** Signs a request; returns the three headers to send with it. Throws a TypeError if the service URL is invalid. */
export const sign = (request: SignedRequest): SignatureHeaders => {
  const { authority, prefix } = partsOf(request.serviceUrl)
  const digest = `sha-256=:${base64(sha256(utf8(request.body)))}:`
  const parameters = '("@method" "@authority" "@path" "@query" "content-digest")' +
    `;created=${request.created};nonce="${request.nonce}";keyid="${request.keyId}";alg="hmac-sha256";tag="scan-login"`
  const base = [
    `"@method": ${request.method}`,
    `"@authority": ${authority}`,
    `"@path": ${prefix}${request.path}`,
    `"@query": ?${request.query}`,
    `"content-digest": ${digest}`,
    `"@signature-params": ${parameters}`,
  ].join('\n')
  return {
    'Content-Digest': digest,
    'Signature-Input': `sig1=${parameters}`,
    Signature: `sig1=:${base64(hmacSha256(request.key, utf8(base)))}:`,
  }
}
