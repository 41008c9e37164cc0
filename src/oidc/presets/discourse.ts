import type { Preset } from './preset.ts'

export const discourse: Preset = {
  label: 'Discourse',
  redirectPaths: ['/auth/oidc/callback'],
  postLogoutPaths: ['/'],
  loginPath: '/login',
  emailVerified: false, // without the claim it takes an address for verified, and links accounts by it
  clientAuth: 'basic',
  setup: ({ discovery, clientId, clientSecret, url }) => [
    { en: 'Admin → Settings, search for "openid_connect":', zh: '管理 → 设置，搜索“openid_connect”：' },
    {
      fields: [
        ['openid_connect_enabled', 'on'],
        ['openid_connect_discovery_document', discovery],
        ['openid_connect_client_id', clientId],
        ['openid_connect_client_secret', clientSecret],
        ['openid_connect_authorize_scope', 'openid profile email'],
        ['openid_connect_use_pkce', 'on'],
        ['openid_connect_match_by_email', 'off'],
        ['openid_connect_rp_initiated_logout', 'on'],
        ['openid_connect_rp_initiated_logout_redirect', `${url}/`],
      ],
    },
    {
      en: 'The address that Discourse gets is made up, and no mail reaches it: people enter one of their own when they sign up, and confirm it.',
      zh: 'Discourse 收到的邮箱地址是生成的，收不到邮件：用户注册时填写自己的邮箱并确认。',
    },
  ],
}
