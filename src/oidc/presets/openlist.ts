import type { Preset } from './preset.ts'

export const openlist: Preset = {
  label: 'OpenList',
  // The first two are those of its usual mode, the others those of its compatibility mode.
  redirectPaths: ['/api/auth/sso_callback?method=sso_get_token', '/api/auth/sso_callback?method=get_sso_id', '/api/auth/sso_get_token', '/api/auth/get_sso_id'],
  loginPath: '/@login',
  // Its default takes `name` for the account: whoever types another's name would become them.
  claims: { name: 'preferred_username' },
  loginSeconds: 300,
  clientAuth: 'basic',
  setup: ({ issuer, clientId, clientSecret }) => [
    { en: 'Manage → Settings → SSO. The endpoint must be the issuer, character by character.', zh: '管理 → 设置 → 单点登录。端点名称必须与签发者完全一致，一个字符都不能差。' },
    {
      fields: [
        ['Sso login enabled', 'on'],
        ['Sso login platform', 'OIDC'],
        ['Sso client id', clientId],
        ['Sso client secret', clientSecret],
        ['Sso oidc username key', 'preferred_username'],
        ['Sso endpoint name', issuer],
        ['Sso auto register', 'on'],
      ],
    },
    {
      en: 'With "Sso auto register" off, each person first binds their account in their profile. A login has to end within 5 minutes, from one network address.',
      zh: '关闭“Sso auto register”时，每个人要先在个人资料里绑定账号。一次登录须在 5 分钟内、用同一个网络地址完成。',
    },
  ],
}
