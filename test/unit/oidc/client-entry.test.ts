import t from 'tap'
import { clientOf, faultsOf, memberNames, type ClientEntry } from '../../../src/oidc/client-entry.ts'
import { hashClientSecret } from '../../../src/oidc/client.ts'
import { clientSecret, giteaEntry } from '../../support/oidc-clients.ts'

/** An entry with every member. */
const whole = {
  client_id: 'nas.files-1',
  app: 'generic',
  name: '文件',
  url: 'https://nas.example.com/files/',
  allow: { groups: ['family', 'staff-2'] },
  client_secret_sha256: [hashClientSecret(clientSecret), hashClientSecret('another')],
  redirect_uris: ['https://nas.example.com/cb?method=a', 'http://localhost:8080/cb'],
  post_logout_redirect_uris: [],
  backchannel_logout_uri: 'http://nas/logout',
  login_url: 'https://nas.example.com/files/login?next=/',
  login_seconds: 240,
  id_token_signed_response_alg: 'ES256',
  require_pkce: true,
  email_verified: true,
  claims: { username: 'preferred_username' },
  wechat_ids: true,
  device_flow: true,
} as const satisfies ClientEntry

await t.test('client entry: what it leaves out follows from the preset of its app', async (t) => {
  t.strictSame(faultsOf(giteaEntry), [])
  t.strictSame(clientOf(giteaEntry, null), {
    clientId: 'gitea',
    app: 'gitea',
    name: 'Gitea',
    url: 'https://git.example.com',
    origin: 'https://git.example.com',
    loginUrl: 'https://git.example.com/user/login',
    isPublic: false,
    secretHashes: [hashClientSecret(clientSecret)],
    redirectUris: ['https://git.example.com/user/oauth2/wechat/callback'],
    postLogoutRedirectUris: ['https://git.example.com/'],
    backchannelLogoutUri: null,
    idTokenAlg: 'RS256',
    allow: 'everybody',
    isPkceRequired: false,
    emailVerified: null,
    claims: {},
    mayReadWechatIds: false,
    mayUseDeviceFlow: false,
    loginSeconds: null,
  })
  const openlist = clientOf({ ...giteaEntry, app: 'openlist', url: 'https://example.com/list/' }, null)
  t.hasStrict(openlist, { name: 'OpenList', claims: { name: 'preferred_username' }, loginSeconds: 300, origin: 'https://example.com' })
  t.ok(openlist.redirectUris.includes('https://example.com/list/api/auth/sso_callback?method=sso_get_token'))
})

await t.test('client entry: what it says takes the place of what its preset says', async (t) => {
  t.strictSame(faultsOf(whole), [])
  t.strictSame(clientOf(whole, null), {
    clientId: 'nas.files-1',
    app: 'generic',
    name: '文件',
    url: 'https://nas.example.com/files',
    origin: 'https://nas.example.com',
    loginUrl: 'https://nas.example.com/files/login?next=/',
    isPublic: false,
    secretHashes: whole.client_secret_sha256,
    redirectUris: whole.redirect_uris,
    postLogoutRedirectUris: [],
    backchannelLogoutUri: 'http://nas/logout',
    idTokenAlg: 'ES256',
    allow: { groups: ['family', 'staff-2'] },
    isPkceRequired: true,
    emailVerified: true,
    claims: { username: 'preferred_username' },
    mayReadWechatIds: true,
    mayUseDeviceFlow: true,
    loginSeconds: 240,
  })
  t.strictSame(memberNames.filter((name) => !(name in whole)), ['client_secret_file', 'public'], 'no other member is known')
  const nextcloud = { ...giteaEntry, app: 'nextcloud' } as const
  t.equal(clientOf(nextcloud, null).backchannelLogoutUri, 'https://git.example.com/index.php/apps/user_oidc/backchannel-logout/wechat')
  t.equal(clientOf({ ...nextcloud, backchannel_logout_uri: null }, null).backchannelLogoutUri, null)
  t.equal(clientOf({ ...giteaEntry, app: 'discourse' }, null).emailVerified, false)
  t.equal(clientOf({ ...giteaEntry, app: 'discourse', email_verified: null }, null).emailVerified, null)
  t.ok(Object.isFrozen(clientOf(whole, null)))
})

await t.test('client entry: a public client has no secret and must use PKCE, and one for devices alone needs no redirect URI', async (t) => {
  const { client_secret_sha256: _, ...rest } = giteaEntry
  const open = { ...rest, public: true }
  t.strictSame(faultsOf(open), [])
  t.hasStrict(clientOf(open, null), { isPublic: true, isPkceRequired: true, secretHashes: [] })
  const device = { client_id: 'tv', url: 'https://tv.example.com', allow: 'everybody', public: true, device_flow: true } as const
  t.strictSame(faultsOf(device), [])
  t.hasStrict(clientOf(device, null), { redirectUris: [], mayUseDeviceFlow: true, name: 'tv.example.com' })
})

await t.test('client entry: each wrong member has a line that names it', async (t) => {
  for (const [more, lines] of [
    [{ client_id: '-x' }, ['client_id must be 1 to 64 letters, digits, ".", "_" and "-", the first a letter or a digit']],
    ...['constructor', 'toString'].map((id) => [{ client_id: id }, [`client_id can't be "${id}": every object of JavaScript has a member of that name`]]),
    [{ client_id: 'x'.repeat(65), app: 'wiki' }, [/^client_id must be /, /^app must be one of gitea, forgejo, /]],
    [{ allow: undefined }, ['needs allow: who may log in there is never assumed. Say "everybody", or {"groups": ["staff"]}']],
    ...[['listed'], [{ groups: [] }], ['Everybody'], [{ groups: ['a'], users: [] }], [null], [true]].map(([allow]) => [{ allow }, ['allow must be "everybody", or {"groups": ["staff"]} with the groups whose people may log in']]),
    [{ allow: { groups: ['Staff'] } }, ['allow has "Staff", which is no name of a group: 1 to 32 of a-z, 0-9 and "-"']],
    [{ url: undefined }, ['needs url']],
    [{ url: 'http://git.example.com' }, ['url must be https (http on localhost only)']],
    [{ name: '' }, ['name must be 1 to 64 characters, without hidden ones']],
    [{ name: 'Git\u202eaet' }, ['name must be 1 to 64 characters, without hidden ones']],
    [{ client_secret: 'abc' }, [/^client_secret must not stand in this file: put its hash into client_secret_sha256 \(printf %s "\$SECRET" \| sha256sum\), or /]],
    [{ redirect_uri: 'https://git.example.com/cb' }, ['has a member "redirect_uri" that is not known: did you mean redirect_uris?']],
    [{ scopes: ['openid'] }, ['has a member "scopes" that is not known']],
    [{ client_secret_sha256: undefined }, ['needs client_secret_sha256 or client_secret_file, or "public": true for an app that can\'t keep a secret']],
    [{ client_secret_file: 'a' }, ['has client_secret_sha256 and client_secret_file: keep one of them']],
    [{ public: true }, ['is public and has a secret: take out "public" or the secret']],
    [{ public: true, client_secret_sha256: undefined, require_pkce: false }, ['is public, and require_pkce is false: without a secret it must use PKCE']],
    [{ public: 'yes' }, ['public must be true or false']],
    ...['ABC', hashClientSecret('a').toUpperCase(), [], [hashClientSecret('a'), hashClientSecret('b'), hashClientSecret('c')], clientSecret].map((hash) => [{ client_secret_sha256: hash }, [/^client_secret_sha256 must be the SHA-256 of the secret, 64 hex digits/]]),
    [{ redirect_uris: [] }, [/^redirect_uris must be a list of 1 to 20 different addresses/]],
    [{ redirect_uris: ['https://git.example.com/cb', 'https://git.example.com/cb'] }, [/^redirect_uris must be a list of 1 to 20 different addresses/]],
    [{ redirect_uris: ['https://git.example.com/cb', 'https://git.example.com/*'] }, ['redirect_uris[1] must be a whole address: there are no wildcards']],
    [{ post_logout_redirect_uris: ['http://git.example.com/'], login_url: 'x' }, ['post_logout_redirect_uris[0] must be https (http on localhost only)', 'login_url must be an address like https://app.example.com/callback']],
    [{ backchannel_logout_uri: 'http://git.example.com/' }, ['backchannel_logout_uri must be https (http inside a private network only)']],
    [{ login_seconds: 5 }, ['login_seconds must be a whole number from 30 to 86400']],
    [{ id_token_signed_response_alg: 'HS256' }, ['id_token_signed_response_alg must be "RS256" or "ES256"']],
    [{ claims: { name: 'name' } }, ['claims.name must be preferred_username or sub or email: anybody types whatever name they like, and would be taken for another']],
    [{ claims: { roles: 'email' } }, ['claims.roles must be groups']],
    [{ claims: { sub: 'email' } }, [/^claims has "sub", which must be one of name, nickname, /]],
    [{ claims: { constructor: 'email' } }, [/^claims has "constructor", which must be one of /]],
    [{ claims: ['name'] }, ['claims must be an object like {"name": "preferred_username"}']],
    [{ app: 'generic' }, ['needs redirect_uris: where the app gets its answer, as its documents say']],
    [{ app: 'wikijs' }, ['needs redirect_uris: each Wiki.js has another, and shows it']],
  ] as ReadonlyArray<readonly [object, ReadonlyArray<string | RegExp>]>) {
    const entry = JSON.parse(JSON.stringify({ ...giteaEntry, ...more })) as unknown // drops what is undefined, as a file does
    const faults = faultsOf(entry)
    const what = JSON.stringify(more).slice(0, 80)
    t.equal(faults.length, lines.length, `${what}: ${faults.join(' | ')}`)
    for (const [i, line] of lines.entries()) typeof line === 'string' ? t.equal(faults[i], line, what) : t.match(faults[i], line, what)
  }
  for (const entry of [null, 1, 'x', []]) t.strictSame(faultsOf(entry), ['must be an object with client_id, url and allow'])
})
