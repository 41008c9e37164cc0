/** A client in the words of OpenID Connect Dynamic Client Registration 1.0, as oidc-provider reads it. */
import { randomBytes } from 'node:crypto'
import type { OidcClient } from './client.ts'

/** oidc-provider wants a secret, and only hashes are known: nobody has this one, so that whoever compares with it refuses everybody. */
const unknownSecret = randomBytes(32).toString('base64url')

export interface ProviderMetadata {
  readonly client_id: string
  readonly client_name: string
  readonly client_uri: string
  readonly client_secret?: string
  /** oidc-provider takes `client_secret_post` from a client registered with `client_secret_basic`, too. */
  readonly token_endpoint_auth_method: 'client_secret_basic' | 'none'
  readonly grant_types: readonly string[]
  readonly response_types: readonly string[]
  readonly redirect_uris: readonly string[]
  readonly post_logout_redirect_uris: readonly string[]
  readonly id_token_signed_response_alg: 'RS256' | 'ES256'
  readonly backchannel_logout_uri?: string
  readonly backchannel_logout_session_required?: true
}

/** Describes a client. Without `scope`, as oidc-provider would answer an unlisted scope with an error instead of dropping it. */
export const toProviderMetadata = (client: OidcClient): ProviderMetadata => {
  const hasCodes = client.redirectUris.length > 0
  return {
    client_id: client.clientId,
    client_name: client.name,
    client_uri: client.url,
    ...!client.isPublic && { client_secret: unknownSecret },
    token_endpoint_auth_method: client.isPublic ? 'none' : 'client_secret_basic',
    grant_types: [
      ...hasCodes ? ['authorization_code'] : [],
      'refresh_token',
      ...client.mayUseDeviceFlow ? ['urn:ietf:params:oauth:grant-type:device_code'] : [],
    ],
    response_types: hasCodes ? ['code'] : [],
    redirect_uris: client.redirectUris,
    post_logout_redirect_uris: client.postLogoutRedirectUris,
    id_token_signed_response_alg: client.idTokenAlg,
    ...client.backchannelLogoutUri !== null && { backchannel_logout_uri: client.backchannelLogoutUri, backchannel_logout_session_required: true as const },
  }
}
