import type { Preset } from './preset.ts'

export const wikijs: Preset = {
  label: 'Wiki.js',
  redirectPaths: [], // each strategy has an id of its own in it
  loginPath: '/login',
  clientAuth: 'post',
  setup: ({ issuer, authorization, token, userinfo, endSession, clientId, clientSecret, redirectUris }) => [
    {
      en: 'Administration → Authentication → Add Strategy → Generic OpenID Connect / OAuth2. Its "Callback URL / Redirect URI" must be the one below.',
      zh: '管理 → 身份认证 → 添加策略 → Generic OpenID Connect / OAuth2。页面上的“Callback URL / Redirect URI”必须与下面的一致。',
    },
    {
      fields: [
        ['Callback URL / Redirect URI', redirectUris.join(' ')],
        ['Client ID', clientId],
        ['Client Secret', clientSecret],
        ['Authorization Endpoint URL', authorization],
        ['Token Endpoint URL', token],
        ['User Info Endpoint URL', userinfo],
        ['Issuer', issuer],
        ['Email Claim', 'email'],
        ['Display Name Claim', 'name'],
        ['Map Groups', 'on'],
        ['Groups Claim', 'groups'],
        ['Logout URL', endSession],
        ['Allow self-registration', 'on'],
      ],
    },
  ],
}
