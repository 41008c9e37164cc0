import type { Preset } from './preset.ts'

export const memos: Preset = {
  label: 'Memos',
  redirectPaths: ['/auth/callback'],
  loginPath: '/auth',
  clientAuth: 'basic',
  setup: ({ authorization, token, userinfo, clientId, clientSecret }) => [
    { en: 'Settings → SSO → Create, with the template "Custom":', zh: '设置 → 单点登录 → 新建，模板选“Custom”：' },
    {
      fields: [
        ['Name', 'WeChat'],
        ['Client ID', clientId],
        ['Client secret', clientSecret],
        ['Authorization endpoint', authorization],
        ['Token endpoint', token],
        ['User endpoint', userinfo],
        ['Scopes', 'openid profile email'],
        ['Identifier', 'preferred_username'],
        ['Display Name', 'name'],
        ['Email', 'email'],
      ],
    },
  ],
}
