import type { Preset } from './preset.ts'

export const generic: Preset = {
  label: 'OpenID Connect',
  redirectPaths: [],
  postLogoutPaths: ['/'],
  clientAuth: 'basic',
  setup: ({ issuer, discovery, authorization, token, userinfo, jwks, endSession, clientId, clientSecret, url, redirectUris }) => [
    { en: 'An app that knows discovery needs the issuer, the client id and the secret. The others are entered one by one:', zh: '支持自动发现的应用只需要签发者、客户端 ID 和密钥，其他应用逐项填写：' },
    {
      fields: [
        ['Issuer', issuer],
        ['Discovery', discovery],
        ['Authorization endpoint', authorization],
        ['Token endpoint', token],
        ['Userinfo endpoint', userinfo],
        ['JWKS', jwks],
        ['Logout (end session) endpoint', endSession],
        ['Client ID', clientId],
        ...clientSecret === '' ? [] : [['Client secret', clientSecret] as const],
        ['Redirect URI', redirectUris.join(' ')],
        ['Redirect URI after a logout', `${url}/`],
        ['Scopes', 'openid profile email groups'],
      ],
    },
    {
      en: 'Take "sub" or "preferred_username" for the account, never "name": anybody types whatever name they like.',
      zh: '账号请用 sub 或 preferred_username，绝不要用 name：名字谁都可以随便填。',
    },
  ],
}
