/** Security headers: what our pages may do in a browser, and what may embed them. */
import fp from 'fastify-plugin'
import { elementStyleSource } from './page-scripts.ts'

export interface SecurityHeaderOptions {
  /** Whether PUBLIC_URL is https. */
  readonly isSecure: boolean
  /** The demo shows the login page inside its own window. */
  readonly isFramedByOwnPages: boolean
}

/** Sets the headers of every answer that its route has not set. */
export const securityHeadersPlugin = fp<SecurityHeaderOptions>(async (app, options) => {
  const headers = Object.entries(securityHeaders(options))
  // When it is sent: before, each held poll would keep its own copy.
  app.addHook('onSend', (_request, reply, _payload, done) => {
    for (const [name, value] of headers) if (!reply.hasHeader(name)) reply.header(name, value)
    done()
  })
}, { name: 'security-headers' })

/** A year, as browsers' preload lists demand. */
const hstsMaxAgeSeconds = 31_536_000

/** Features that no page of ours uses. */
const unusedFeatures = ['accelerometer', 'camera', 'display-capture', 'geolocation', 'gyroscope', 'hid', 'magnetometer', 'microphone', 'midi', 'payment', 'serial', 'usb']

/** The headers by name. All answers share this object, so they are worked out once. */
const securityHeaders = ({ isSecure, isFramedByOwnPages }: SecurityHeaderOptions): Readonly<Record<string, string>> => ({
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' ${elementStyleSource}`,
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    `frame-ancestors ${isFramedByOwnPages ? "'self'" : "'none'"}`,
  ].join(';'),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'permissions-policy': unusedFeatures.map((feature) => `${feature}=()`).join(', '),
  'referrer-policy': 'no-referrer',
  ...(isSecure && { 'strict-transport-security': `max-age=${hstsMaxAgeSeconds}` }), // without includeSubDomains: hosts below ours may belong to others
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'x-download-options': 'noopen', // this one and the last two are for old browsers and plugins
  'x-frame-options': isFramedByOwnPages ? 'SAMEORIGIN' : 'DENY',
  'x-permitted-cross-domain-policies': 'none',
  'x-xss-protection': '0', // old filters, which could be turned against a page
})
