/** How oidc-provider is set up. */
import type { Configuration, interactionPolicy } from 'oidc-provider'
import { granted } from './accounts.ts'
import { mappedClaims } from './claim-map.ts'
import { claimsByScope } from './claims.ts'
import { deviceInfoOf } from './device-pages.ts'
import { oidcRoutes } from './endpoints.ts'
import type { ProviderDeps } from './provider-deps.ts'

/** A person who is sent to the login has this long, unless the site is known to wait for less. */
const interactionSeconds = 3600

export interface ConfigurationParts extends Pick<ProviderDeps, 'clients' | 'pages' | 'publicUrl' | 'sessionSeconds'> {
  readonly adapter: NonNullable<Configuration['adapter']>
  readonly accounts: Required<Pick<Configuration, 'findAccount' | 'loadExistingGrant'>>
  readonly policy: interactionPolicy.DefaultPolicy
  /** The name of the provider's session cookie. */
  readonly sessionCookie: string
}

export const configurationOf = ({ clients, pages, publicUrl, sessionSeconds, adapter, accounts, policy, sessionCookie }: ConfigurationParts): Configuration => {
  const isSecure = publicUrl.startsWith('https:')
  const cookiePrefix = isSecure ? '__Secure-' : ''
  const cookie = { httpOnly: true, sameSite: 'lax', secure: isSecure, signed: false } as const

  return {
    adapter,
    ...accounts,
    routes: oidcRoutes,
    interactions: { policy, url: (_context, { uid }) => `${new URL(publicUrl).pathname.replace(/\/$/, '')}/oidc/interaction/${uid}` },
    scopes: granted.scope.split(' '),
    claims: { ...claimsByScope, ...mappedClaimsByScope(), acr: null, iss: null, sid: null } as NonNullable<Configuration['claims']>,
    conformIdTokenClaims: false, // many sites read the ID token alone
    subjectTypes: ['public'],
    pkce: { required: (_context, { clientId }) => clients.find(clientId)?.isPkceRequired ?? true },
    expiresWithSession: () => true, // signing out anywhere ends all of it
    rotateRefreshToken: true,
    clientBasedCORS: (_context, origin, { clientId }) => {
      const client = clients.find(clientId)
      return client?.isPublic === true && client.redirectUris.some((uri) => URL.parse(uri)?.origin === origin)
    },
    cookies: {
      names: { session: sessionCookie, interaction: `${cookiePrefix}scan_login_interaction`, resume: `${cookiePrefix}scan_login_resume` },
      long: cookie,
      short: cookie,
    },
    ttl: {
      AccessToken: 3600,
      AuthorizationCode: 60,
      DeviceCode: 600,
      Grant: sessionSeconds.max,
      IdToken: 3600,
      Interaction: interactionSeconds,
      RefreshToken: sessionSeconds.idle,
      Session: sessionSeconds.max,
    },
    features: {
      backchannelLogout: { enabled: true },
      claimsParameter: { enabled: true },
      devInteractions: { enabled: false },
      deviceFlow: {
        enabled: true,
        charset: 'base-20', // no vowels, no digits: nothing that looks like another, and no words
        mask: '****-****',
        deviceInfo: deviceInfoOf,
        userCodeInputSource: pages.userCodeInput,
        userCodeConfirmSource: pages.userCodeConfirm,
        successSource: pages.deviceSuccess,
      },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: { enabled: false },
      revocation: { enabled: true, allowedPolicy: (_context, { clientId }, token) => token.clientId === clientId }, // another's token is answered like an unknown one
      rpInitiatedLogout: { enabled: true, logoutSource: pages.logout, postLogoutSuccessSource: pages.loggedOut },
    },
    renderError: pages.error,
  }
}

/** Further claims that presets of sites ask for, under the scope that each comes with. */
const mappedClaimsByScope = () => Object.fromEntries(Object.entries(mappedClaims).map(([scope, names]) =>
  [scope, [...(claimsByScope[scope as keyof typeof claimsByScope] ?? []), ...names]]))
