import t from 'tap'
import { clientOf, type ClientEntry } from '../../../src/oidc/client-entry.ts'
import { risksOf } from '../../../src/oidc/client-risks.ts'
import { hashClientSecret } from '../../../src/oidc/client.ts'
import { giteaEntry } from '../../support/oidc-clients.ts'

const settings = { PUBLIC_URL: 'https://login.example.com', REGISTRATION: 'open', KEEP_WECHAT_IDS: 'off', isSecure: true } as const

const safe: ClientEntry = { ...giteaEntry, allow: { groups: ['staff'] } }

const risks = (entry: Partial<ClientEntry>, more: Partial<Parameters<typeof risksOf>[1]> = {}) => risksOf([clientOf({ ...safe, ...entry }, null)], { ...settings, ...more })

await t.test('client risks: none where there is none', async (t) => {
  t.strictSame(risks({}), [])
  t.strictSame(risks({ allow: 'everybody' }, { REGISTRATION: 'approval' }), [])
  t.strictSame(risks({ url: 'http://localhost:3000' }, { isSecure: false, PUBLIC_URL: 'http://localhost:3000' }).slice(1), [])
  t.strictSame(risks({ wechat_ids: true }, { KEEP_WECHAT_IDS: 'on' }), [])
  t.strictSame(risks({ app: 'discourse' }), [])
  t.strictSame(risksOf([], { ...settings, isSecure: false }), [])
})

await t.test('client risks: each has one line that names the client', async (t) => {
  for (const [entry, line] of [
    [{ allow: 'everybody' }, 'allow is "everybody", and REGISTRATION is "open": whoever has WeChat can log in'],
    [{ url: 'http://localhost:3000' }, 'url is on this machine alone: nobody else can open it'],
    [{ url: 'https://github.io' }, 'url has no domain of its own: anybody can have a name below it'],
    [{ redirect_uris: ['https://git.example.com:8443/cb'] }, 'https://git.example.com:8443/cb is on another host than url: whoever has that host gets the logins'],
    [{ client_secret_sha256: [hashClientSecret('a'), hashClientSecret('b')] }, 'there are two secrets: take the old one out as soon as the app has the new one'],
    [{ email_verified: true }, /^email_verified is true, and the addresses are made up/],
    [{ app: 'discourse', email_verified: null }, /^email_verified is left out, and Discourse then takes/],
    [{ wechat_ids: true }, /^wechat_ids is true, and KEEP_WECHAT_IDS is off/],
    [{ device_flow: true }, /^device_flow is true: /],
    [{ backchannel_logout_uri: 'http://gitea/logout' }, /^backchannel_logout_uri is http: /],
  ] as ReadonlyArray<readonly [Partial<ClientEntry>, string | RegExp]>) {
    const [found = '', ...more] = risks(entry)
    t.strictSame(more, [], JSON.stringify(entry))
    t.ok(found.startsWith('client "gitea": '))
    t.match(found.slice('client "gitea": '.length), line)
  }
  t.strictSame(risks({ backchannel_logout_uri: 'http://127.0.0.1:3000/logout' }), [], 'no network is crossed')
  t.match(risks({}, { isSecure: false, PUBLIC_URL: 'http://localhost:3000' }), [/^PUBLIC_URL is http:\/\/localhost:3000: apps on other machines can't reach/])
})

await t.test('client risks: two clients with one redirect URI are told, and a URI that one has twice in other forms is not', async (t) => {
  const [one, other] = [clientOf(safe, null), clientOf({ ...safe, client_id: 'forgejo', app: 'forgejo' }, null)]
  t.strictSame(risksOf([one, other], settings), ['clients "gitea" and "forgejo" have one redirect URI, https://git.example.com/user/oauth2/wechat/callback: an app can take the login of one for that of the other'])
})
