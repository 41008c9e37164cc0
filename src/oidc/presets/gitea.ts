import type { Preset, SetupValues, SetupPart } from './preset.ts'

/** Both take it from the name of the authentication source, as it is in the address. */
const source = 'wechat'

const setupWith = (username: string, cli: string) => ({ discovery, clientId, clientSecret }: SetupValues): readonly SetupPart[] => [
  {
    en: 'Site Administration → Identity & Access → Authentication Sources → Add Authentication Source. The name is part of the redirect URI.',
    zh: '管理后台 → 身份及认证 → 认证源 → 添加认证源。认证名称是回调地址的一部分，请照填。',
  },
  {
    fields: [
      ['Authentication Type', 'OAuth2'],
      ['Authentication Name', source],
      ['OAuth2 Provider', 'OpenID Connect'],
      ['Client ID (Key)', clientId],
      ['Client Secret', clientSecret],
      ['OpenID Connect Auto Discovery URL', discovery],
      ['Additional Scopes', 'profile email groups'],
    ],
  },
  { en: 'Or on the command line:', zh: '或者用命令行：' },
  { lines: [`${cli} admin auth add-oauth --name ${source} --provider openidConnect --key ${clientId} --secret '${clientSecret}' \\`, `  --auto-discover-url ${discovery} --scopes 'profile email groups'`] },
  {
    en: 'In app.ini, so that a first login makes the account without a form:',
    zh: '在 app.ini 里加上这几行，第一次登录就会直接建好账号，不用再填表：',
  },
  { lines: ['[oauth2_client]', 'ENABLE_AUTO_REGISTRATION = true', `USERNAME = ${username}`] },
]

const base = {
  redirectPaths: [`/user/oauth2/${source}/callback`],
  postLogoutPaths: ['/'],
  loginPath: '/user/login',
  clientAuth: 'basic',
} as const

export const gitea: Preset = { ...base, label: 'Gitea', setup: setupWith('preferred_username', 'gitea') }

/** It knows no `preferred_username` as the source of account names; without a `nickname`, its own falls back to that claim. */
export const forgejo: Preset = { ...base, label: 'Forgejo', setup: setupWith('nickname', 'forgejo') }
