/** Where the OpenID Provider answers, below PUBLIC_URL. Every app keeps these addresses: they stay. */

/** The issuer. Apps know a person by issuer and `sub`, so another one would make strangers of everybody. */
export const issuerOf = (publicUrl: string): string => `${publicUrl}/oidc`

/** Paths below the issuer, by oidc-provider's names. */
export const oidcRoutes = {
  authorization: '/auth',
  token: '/token',
  userinfo: '/userinfo',
  jwks: '/jwks',
  end_session: '/session/end',
  device_authorization: '/device/auth',
  code_verification: '/device',
} as const

/**
 * Whether a path is written as discovery lists it. The provider takes it in any case, with a slash at its end and with odd bytes, too: whatever counts calls by their
 * path would miss those.
 */
export const isSpelledAsListed = (path: string): boolean => {
  const fixed = path.replace(/^(\/(?:auth|device)\/)[\w-]+$/, '$1id') // an interaction's id
  return /^(?:\/[a-z0-9._-]+)+$/.test(fixed)
}
