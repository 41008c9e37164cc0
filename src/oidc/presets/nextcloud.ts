import type { Preset } from './preset.ts'

export const nextcloud: Preset = {
  label: 'Nextcloud',
  // With and without "pretty" addresses.
  redirectPaths: ['/apps/user_oidc/code', '/index.php/apps/user_oidc/code'],
  postLogoutPaths: ['/', '/login', '/index.php/login'],
  backchannelPath: '/index.php/apps/user_oidc/backchannel-logout/wechat',
  loginPath: '/login',
  clientAuth: 'post',
  setup: ({ discovery, clientId, clientSecret }) => [
    { en: 'In the folder of Nextcloud, as the user of the web server:', zh: '在 Nextcloud 的目录里，以 Web 服务器的用户运行：' },
    {
      lines: [
        'php occ app:install user_oidc',
        `php occ user_oidc:provider wechat --clientid=${clientId} --clientsecret='${clientSecret}' \\`,
        `  --discoveryuri=${discovery} \\`,
        '  --scope=\'openid email profile groups\' --unique-uid=0 \\',
        '  --mapping-uid=preferred_username --mapping-display-name=name --mapping-email=email \\',
        '  --group-provisioning=1 --mapping-groups=groups',
      ],
    },
    { en: 'The identifier "wechat" is part of the address to which logouts are reported.', zh: '标识符 wechat 是接收退出登录通知的地址的一部分，请照填。' },
  ],
}
