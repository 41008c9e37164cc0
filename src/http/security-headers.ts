/** Security headers: what our pages may do in a browser, and what may embed them. */
import helmet, { type FastifyHelmetOptions } from '@fastify/helmet'
import fp from 'fastify-plugin'
import { elementStyleSource } from './page-scripts.ts'

export interface SecurityHeaderOptions {
  /** Whether PUBLIC_URL is https. */
  readonly isSecure: boolean
  /** The demo shows the login page inside its own window. */
  readonly isFramedByOwnPages: boolean
}

/** A year, as browsers' preload lists demand. */
const hstsMaxAgeSeconds = 31_536_000

/** Features that no page of ours uses. */
const permissions = ['accelerometer', 'camera', 'display-capture', 'geolocation', 'gyroscope', 'hid', 'magnetometer', 'microphone', 'midi', 'payment', 'serial', 'usb']
  .map((feature) => `${feature}=()`).join(', ')

/** Sets the headers of every answer. */
export const securityHeadersPlugin = fp<SecurityHeaderOptions>(async (app, options) => {
  await app.register(helmet, helmetOptions(options))
  app.addHook('onRequest', async (_request, reply) => { reply.header('permissions-policy', permissions) })
}, { name: 'security-headers' })

const helmetOptions = ({ isSecure, isFramedByOwnPages }: SecurityHeaderOptions): FastifyHelmetOptions => ({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'", elementStyleSource],
      imgSrc: ["'self'", 'data:'],
      connectSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      requireTrustedTypesFor: ["'script'"],
      frameAncestors: [isFramedByOwnPages ? "'self'" : "'none'"],
    },
  },
  frameguard: { action: isFramedByOwnPages ? 'sameorigin' : 'deny' },
  referrerPolicy: { policy: 'no-referrer' },
  strictTransportSecurity: isSecure && { maxAge: hstsMaxAgeSeconds, includeSubDomains: false }, // hosts below ours may belong to others
})
