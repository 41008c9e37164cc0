import type { Preset } from './preset.ts'

export const authjs: Preset = {
  label: 'Auth.js',
  // The first is that of next-auth, the other that of @auth/express and its like.
  redirectPaths: ['/api/auth/callback/wechat-scan', '/auth/callback/wechat-scan'],
  loginPath: '/api/auth/signin',
  loginSeconds: 900,
  clientAuth: 'basic',
  setup: ({ issuer, clientId, clientSecret }) => [
    { en: 'In the list of providers (its own provider "wechat" speaks to WeChat\'s Open Platform, hence another id):', zh: '加入 providers 列表（Auth.js 自带的 wechat 对接的是微信开放平台，所以这里用另一个 id）：' },
    {
      lines: [
        '{',
        '  id: \'wechat-scan\',',
        '  name: \'WeChat\',',
        '  type: \'oidc\',',
        `  issuer: '${issuer}',`,
        `  clientId: '${clientId}',`,
        `  clientSecret: '${clientSecret}',`,
        '}',
      ],
    },
  ],
}
