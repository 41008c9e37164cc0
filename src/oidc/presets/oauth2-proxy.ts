import type { Preset } from './preset.ts'

export const oauth2Proxy: Preset = {
  label: 'oauth2-proxy',
  redirectPaths: ['/oauth2/callback'],
  postLogoutPaths: ['/'],
  loginPath: '/oauth2/start',
  clientAuth: 'basic',
  setup: ({ issuer, clientId, clientSecret, redirectUris }) => [
    { en: 'In the environment of oauth2-proxy, beside its own OAUTH2_PROXY_COOKIE_SECRET (openssl rand -hex 16) and OAUTH2_PROXY_UPSTREAMS:', zh: '写入 oauth2-proxy 的环境变量；OAUTH2_PROXY_COOKIE_SECRET（openssl rand -hex 16）和 OAUTH2_PROXY_UPSTREAMS 照常设置：' },
    {
      lines: [
        'OAUTH2_PROXY_PROVIDER=oidc',
        `OAUTH2_PROXY_OIDC_ISSUER_URL=${issuer}`,
        `OAUTH2_PROXY_CLIENT_ID=${clientId}`,
        `OAUTH2_PROXY_CLIENT_SECRET=${clientSecret}`,
        `OAUTH2_PROXY_REDIRECT_URL=${redirectUris[0] ?? ''}`,
        'OAUTH2_PROXY_SCOPE=openid profile email groups',
        'OAUTH2_PROXY_EMAIL_DOMAINS=*',
        'OAUTH2_PROXY_CODE_CHALLENGE_METHOD=S256',
      ],
    },
    { en: 'Who may log in is said here, with "allow": the list of e-mail domains lets everybody through.', zh: '谁能登录由这里的 allow 决定：邮箱域名一项放行所有人。' },
  ],
}
