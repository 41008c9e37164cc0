import type { Preset } from './preset.ts'

export const wordpress: Preset = {
  label: 'WordPress',
  // Of the plugin "OpenID Connect Generic Client", with its setting "Alternate Redirect URI" off and on.
  redirectPaths: ['/wp-admin/admin-ajax.php?action=openid-connect-authorize', '/openid-connect-authorize'],
  postLogoutPaths: ['/', '/wp-login.php?loggedout=true'],
  loginPath: '/wp-login.php',
  loginSeconds: 180,
  clientAuth: 'post',
  setup: ({ authorization, token, userinfo, endSession, clientId, clientSecret }) => [
    { en: 'Install the plugin "OpenID Connect Generic Client". In wp-config.php, above "That\'s all, stop editing!":', zh: '安装插件“OpenID Connect Generic Client”。在 wp-config.php 里“That\'s all, stop editing!”一行上方写入：' },
    {
      lines: [
        `define( 'OIDC_CLIENT_ID', '${clientId}' );`,
        `define( 'OIDC_CLIENT_SECRET', '${clientSecret}' );`,
        'define( \'OIDC_CLIENT_SCOPE\', \'openid profile email\' );',
        `define( 'OIDC_ENDPOINT_LOGIN_URL', '${authorization}' );`,
        `define( 'OIDC_ENDPOINT_TOKEN_URL', '${token}' );`,
        `define( 'OIDC_ENDPOINT_USERINFO_URL', '${userinfo}' );`,
        `define( 'OIDC_ENDPOINT_LOGOUT_URL', '${endSession}' );`,
        'define( \'OIDC_CREATE_IF_DOES_NOT_EXIST\', true );',
        'define( \'OIDC_LINK_EXISTING_USERS\', false );',
      ],
    },
    { en: 'On the plugin\'s settings page:', zh: '在插件的设置页：' },
    { fields: [['Identity Key', 'preferred_username'], ['Nickname Key', 'preferred_username'], ['Email Formatting', '{email}'], ['Display Name Formatting', '{name}'], ['State time limit', '600']] },
    { en: 'Without the last field a login has to end within 180 seconds.', zh: '最后一项不改的话，一次登录须在 180 秒内完成。' },
  ],
}
