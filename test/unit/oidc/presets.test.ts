import t from 'tap'
import { sourcesOf } from '../../../src/oidc/claim-map.ts'
import { clientOf, faultsOf } from '../../../src/oidc/client-entry.ts'
import { appNames, presets } from '../../../src/oidc/presets/presets.ts'
import { giteaEntry } from '../../support/oidc-clients.ts'

const values = {
  issuer: 'I!', discovery: 'D!', authorization: 'A!', token: 'T!', userinfo: 'U!', jwks: 'J!', endSession: 'E!', clientId: 'C!', clientSecret: 'S!', url: 'https://app.example.com', redirectUris: ['R!'],
}

for (const app of appNames) {
  await t.test(`preset ${app}: an entry with its defaults alone has no fault, below a path, too`, async (t) => {
    const { redirectPaths, claims = {}, label } = presets[app]
    const own = redirectPaths.length > 0 ? {} : { redirect_uris: ['https://app.example.com/cb'] }
    for (const url of ['https://app.example.com', 'https://example.com/app']) {
      const entry = { ...giteaEntry, app, url, ...own }
      t.strictSame(faultsOf(entry), [])
      const client = clientOf(entry, null)
      // What a preset says is checked as if the file said it.
      t.strictSame(faultsOf({
        ...entry,
        redirect_uris: client.redirectUris,
        post_logout_redirect_uris: client.postLogoutRedirectUris,
        backchannel_logout_uri: client.backchannelLogoutUri,
        login_url: client.loginUrl,
        claims,
        name: label,
        ...client.loginSeconds !== null && { login_seconds: client.loginSeconds },
      }), [])
      for (const uri of [...client.redirectUris, ...client.postLogoutRedirectUris, client.loginUrl]) if (redirectPaths.length > 0) t.ok(uri.startsWith(url), uri)
    }
    for (const [claim, source] of Object.entries(claims)) t.ok(sourcesOf[claim as keyof typeof sourcesOf].includes(source))
  })

  await t.test(`preset ${app}: what to enter at the app has the client id, the secret and where to find this service, in both languages`, async (t) => {
    const parts = presets[app].setup(values)
    const entered = parts.flatMap((part) => 'fields' in part ? part.fields.map(([, value]) => value) : 'lines' in part ? part.lines : []).join('\n')
    for (const value of ['C!', 'S!']) t.ok(entered.includes(value), value)
    t.ok(['I!', 'D!'].some((value) => entered.includes(value)) || ['A!', 'T!', 'U!'].every((value) => entered.includes(value)), 'discovery, or the endpoints')
    const sentences = parts.filter((part) => 'en' in part)
    t.ok(sentences.length > 0)
    for (const { en, zh } of sentences) {
      t.match(en, /^[\x20-\x7e→]+[.:]$/)
      t.match(zh, /[\u4e00-\u9fff].*[。：]$/)
      t.notMatch(zh, /它|「|」/)
    }
  })
}

await t.test('H9 presets: those of apps that forget a login soon say how soon', async (t) => {
  t.strictSame(appNames.flatMap((app) => presets[app].loginSeconds === undefined ? [] : [[app, presets[app].loginSeconds]]), [['openlist', 300], ['wordpress', 180], ['authjs', 900]])
})
