import type { Preset } from './preset.ts'

export const spring: Preset = {
  label: 'Spring Security',
  redirectPaths: ['/login/oauth2/code/wechat'],
  postLogoutPaths: ['/'],
  loginPath: '/oauth2/authorization/wechat',
  clientAuth: 'basic',
  setup: ({ issuer, clientId, clientSecret }) => [
    { en: 'With spring-boot-starter-oauth2-client, in application.yml:', zh: '加入依赖 spring-boot-starter-oauth2-client，在 application.yml 里写：' },
    {
      lines: [
        'spring:',
        '  security:',
        '    oauth2:',
        '      client:',
        '        provider:',
        '          wechat:',
        `            issuer-uri: ${issuer}`,
        '            user-name-attribute: sub',
        '        registration:',
        '          wechat:',
        `            client-id: ${clientId}`,
        `            client-secret: ${clientSecret}`,
        '            client-name: WeChat',
        '            authorization-grant-type: authorization_code',
        '            redirect-uri: "{baseUrl}/login/oauth2/code/wechat"',
        '            scope: openid, profile, email',
      ],
    },
  ],
}
