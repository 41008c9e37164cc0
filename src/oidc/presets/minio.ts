import type { Preset } from './preset.ts'

export const minio: Preset = {
  label: 'MinIO',
  redirectPaths: ['/oauth_callback'],
  loginPath: '/login',
  clientAuth: 'basic',
  setup: ({ discovery, clientId, clientSecret, redirectUris }) => [
    { en: 'The address given here is that of the console. In the environment of MinIO, then restart it:', zh: '这里填的是控制台的地址。写入 MinIO 的环境变量，然后重启：' },
    {
      lines: [
        `MINIO_IDENTITY_OPENID_CONFIG_URL=${discovery}`,
        `MINIO_IDENTITY_OPENID_CLIENT_ID=${clientId}`,
        `MINIO_IDENTITY_OPENID_CLIENT_SECRET=${clientSecret}`,
        'MINIO_IDENTITY_OPENID_SCOPES=openid,profile,email',
        'MINIO_IDENTITY_OPENID_DISPLAY_NAME=WeChat',
        'MINIO_IDENTITY_OPENID_ROLE_POLICY=readwrite',
        `MINIO_IDENTITY_OPENID_REDIRECT_URI=${redirectUris[0] ?? ''}`,
      ],
    },
    { en: 'The role policy holds for everybody who may log in. Choose it with care.', zh: '角色策略对每个能登录的人都生效，请谨慎选择。' },
  ],
}
