import type { Preset } from './preset.ts'

export const newApi: Preset = {
  label: 'New API',
  redirectPaths: ['/oauth/oidc'],
  loginPath: '/login',
  clientAuth: 'post',
  setup: ({ discovery, authorization, token, userinfo, clientId, clientSecret, url }) => [
    { en: 'System Settings → Configure OIDC. The server address in its general settings must be the address below.', zh: '系统设置 → 配置 OIDC。通用设置里的服务器地址必须是下面这个地址。' },
    {
      fields: [
        ['Server Address', url],
        ['Client ID', clientId],
        ['Client Secret', clientSecret],
        ['Well-Known URL', discovery],
        ['Authorization Endpoint', authorization],
        ['Token Endpoint', token],
        ['User Info Endpoint', userinfo],
      ],
    },
    { en: 'Then switch on "Allow login via OIDC".', zh: '然后打开“允许通过 OIDC 进行登录”。' },
  ],
}
