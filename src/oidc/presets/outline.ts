import type { Preset } from './preset.ts'

export const outline: Preset = {
  label: 'Outline',
  redirectPaths: ['/auth/oidc.callback'],
  postLogoutPaths: ['/', '/?logout=true'],
  clientAuth: 'post',
  setup: ({ authorization, token, userinfo, endSession, clientId, clientSecret }) => [
    { en: 'In the environment of Outline, then restart it:', zh: '写入 Outline 的环境变量，然后重启：' },
    {
      lines: [
        `OIDC_CLIENT_ID=${clientId}`,
        `OIDC_CLIENT_SECRET=${clientSecret}`,
        `OIDC_AUTH_URI=${authorization}`,
        `OIDC_TOKEN_URI=${token}`,
        `OIDC_USERINFO_URI=${userinfo}`,
        `OIDC_LOGOUT_URI=${endSession}`,
        'OIDC_USERNAME_CLAIM=preferred_username',
        'OIDC_DISPLAY_NAME=WeChat',
        'OIDC_SCOPES=openid profile email',
      ],
    },
  ],
}
