import type { Preset } from './preset.ts'

export const grafana: Preset = {
  label: 'Grafana',
  redirectPaths: ['/login/generic_oauth'],
  postLogoutPaths: ['/login'],
  loginPath: '/login',
  clientAuth: 'basic',
  setup: ({ authorization, token, userinfo, endSession, clientId, clientSecret, url }) => [
    { en: 'In the environment of Grafana, then restart it:', zh: '写入 Grafana 的环境变量，然后重启：' },
    {
      lines: [
        `GF_SERVER_ROOT_URL=${url}`,
        'GF_AUTH_GENERIC_OAUTH_ENABLED=true',
        'GF_AUTH_GENERIC_OAUTH_NAME=WeChat',
        `GF_AUTH_GENERIC_OAUTH_CLIENT_ID=${clientId}`,
        `GF_AUTH_GENERIC_OAUTH_CLIENT_SECRET=${clientSecret}`,
        'GF_AUTH_GENERIC_OAUTH_SCOPES=openid profile email groups',
        `GF_AUTH_GENERIC_OAUTH_AUTH_URL=${authorization}`,
        `GF_AUTH_GENERIC_OAUTH_TOKEN_URL=${token}`,
        `GF_AUTH_GENERIC_OAUTH_API_URL=${userinfo}`,
        'GF_AUTH_GENERIC_OAUTH_LOGIN_ATTRIBUTE_PATH=preferred_username',
        'GF_AUTH_GENERIC_OAUTH_NAME_ATTRIBUTE_PATH=name',
        'GF_AUTH_GENERIC_OAUTH_GROUPS_ATTRIBUTE_PATH=groups',
        'GF_AUTH_GENERIC_OAUTH_ROLE_ATTRIBUTE_PATH=contains(groups[*], \'admin\') && \'Admin\' || \'Viewer\'',
        'GF_AUTH_GENERIC_OAUTH_USE_PKCE=true',
        'GF_AUTH_GENERIC_OAUTH_ALLOW_SIGN_UP=true',
        `GF_AUTH_SIGNOUT_REDIRECT_URL=${endSession}?post_logout_redirect_uri=${encodeURIComponent(`${url}/login`)}`,
      ],
    },
    { en: 'Whoever is in the group "admin" is an administrator there.', zh: '“admin”组里的人在 Grafana 里是管理员。' },
  ],
}
