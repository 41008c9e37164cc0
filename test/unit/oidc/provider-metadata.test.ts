// oidc-provider itself judges the metadata.
import { generateKeyPairSync } from 'node:crypto'
import Provider from 'oidc-provider'
import t from 'tap'
import { clientOf, type ClientEntry } from '../../../src/oidc/client-entry.ts'
import { appNames } from '../../../src/oidc/presets/presets.ts'
import { toProviderMetadata } from '../../../src/oidc/provider-metadata.ts'
import { clientSecret, giteaEntry } from '../../support/oidc-clients.ts'

const entry = (more: object): ClientEntry => ({ ...giteaEntry, ...more })

await t.test('provider metadata: as oidc-provider reads it, with no secret that anybody knows', async (t) => {
  const metadata = toProviderMetadata(clientOf(entry({ app: 'nextcloud', url: 'https://cloud.example.com', device_flow: true, id_token_signed_response_alg: 'ES256' }), null))
  const { client_secret: secret, ...rest } = metadata
  t.match(secret, /^[A-Za-z0-9_-]{43}$/)
  t.not(secret, clientSecret)
  t.not(secret, giteaEntry.client_secret_sha256)
  t.strictSame(rest, {
    client_id: 'gitea',
    client_name: 'Nextcloud',
    client_uri: 'https://cloud.example.com',
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    response_types: ['code'],
    redirect_uris: ['https://cloud.example.com/apps/user_oidc/code', 'https://cloud.example.com/index.php/apps/user_oidc/code'],
    post_logout_redirect_uris: ['https://cloud.example.com/', 'https://cloud.example.com/login', 'https://cloud.example.com/index.php/login'],
    id_token_signed_response_alg: 'ES256',
    backchannel_logout_uri: 'https://cloud.example.com/index.php/apps/user_oidc/backchannel-logout/wechat',
    backchannel_logout_session_required: true,
  })
})

await t.test('provider metadata: a public client has no secret, and one for devices alone no redirect URI', async (t) => {
  const { client_secret_sha256: _, ...open } = entry({ public: true })
  const metadata = toProviderMetadata(clientOf(open, null))
  t.equal(metadata.token_endpoint_auth_method, 'none')
  t.notOk('client_secret' in metadata)
  const device = toProviderMetadata(clientOf({ ...open, app: 'generic', device_flow: true }, null))
  t.hasStrict(device, { redirect_uris: [], response_types: [], grant_types: ['refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'] })
})

await t.test('provider metadata: oidc-provider accepts that of every preset, of a public client and of a device', async (t) => {
  const provider = new Provider('https://login.example.com/oidc', {
    features: { devInteractions: { enabled: false }, deviceFlow: { enabled: true }, backchannelLogout: { enabled: true }, rpInitiatedLogout: { enabled: true } },
    cookies: { keys: ['a'] },
    jwks: { keys: [generateKeyPairSync('rsa', { modulusLength: 2048 }), generateKeyPairSync('ec', { namedCurve: 'P-256' })].map(({ privateKey }) => privateKey.export({ format: 'jwk' })) },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256'] },
  })
  const Client = provider.Client as unknown as new (metadata: object) => { readonly redirectUris: readonly string[] } // the types hide its constructor
  const { client_secret_sha256: _, ...open } = giteaEntry
  for (const one of [
    ...appNames.map((app) => entry({ app, ...['wikijs', 'generic'].includes(app) && { redirect_uris: ['https://app.example.com/cb?x=1', 'http://localhost:8080/cb'] } })),
    { ...open, public: true },
    { ...open, app: 'generic', public: true, device_flow: true } as const,
    entry({ id_token_signed_response_alg: 'ES256' }),
  ]) {
    const metadata = toProviderMetadata(clientOf(one, null))
    const client = new Client(metadata)
    t.strictSame(client.redirectUris, metadata.redirect_uris, `${one.app} ${String(one.public)}`)
  }
})
