// Names in the environment that are no settings: which stop the start, which are told, and which concern another program.
import t from 'tap'
import { settingNames } from '../../src/config.ts'
import { likelyMeantIn, misspelledIn } from '../../src/setting-names.ts'

/** The settings that misspelled names are said to mean. */
const meantBy = (names: readonly string[]): ReadonlyArray<string | undefined> =>
  names.map((name) => /did you mean (\w+)\?$/.exec(misspelledIn({ [name]: 'x' }, settingNames)[0] ?? '')?.[1])

await t.test('setting names: a name with a slip stops the start, with the name that was meant', async (t) => {
  const slips = {
    WECHAT_APP_ID: 'WECHAT_APPID',
    WECHAT_APIID: 'WECHAT_APPID',
    WECHAT_SECRTE: 'WECHAT_SECRET',
    STORE_URI: 'STORE_URL',
    STOREURL: 'STORE_URL',
    store_url: 'STORE_URL',
    PUBLIC_URI: 'PUBLIC_URL',
    PUBLC_URL: 'PUBLIC_URL',
    TRUSTPROXY: 'TRUST_PROXY',
    ALLOW_ORIGINS: 'ALLOWED_ORIGINS',
    ALLOWED_ORIGIN: 'ALLOWED_ORIGINS',
    COOKIES_DOMAINS: 'COOKIE_DOMAIN',
    SESSION_IDEL: 'SESSION_IDLE',
    MAX_TICKET: 'MAX_TICKETS',
    LIMIT_CREATES: 'LIMIT_CREATE',
    WECHAT_ENVVERSION: 'WECHAT_ENV_VERSION',
  }
  t.strictSame(meantBy(Object.keys(slips)), Object.values(slips))
  for (const setting of settingNames) t.strictSame(misspelledIn({ [setting]: 'x' }, settingNames), [], setting)
})

await t.test('setting names: the start is not stopped when names of other programs are set', async (t) => {
  const names = [
    'PATH', 'HOSTNAME', 'PORTS', 'MATCH', 'SESSION_MANAGER', 'DBUS_SESSION_BUS_ADDRESS', 'KUBERNETES_PORT', 'WECHAT_MCHID', 'WECHAT_MCH_ID', 'WECHAT_API_KEY',
    'WECHAT_API_V3_KEY', 'WECHAT_TOKEN', 'WECHAT_CORP_ID', 'WECHAT_OPENID', 'WECHAT_UNIONID', 'LIMIT_MEMORY', 'LIMIT_CPU', 'TICKET_URL', 'TICKET_TYPE', 'MATCH_ALL',
    'MAX_RETRIES', 'SITE_ID', 'STORE_ID', 'LOG_FORMAT', 'LOG_FILE', 'REDIS_URL', 'DATABASE_URL', 'TRUSTED_PROXIES', 'CORS_ORIGIN',
  ]
  t.strictSame(misspelledIn(Object.fromEntries(names.map((name) => [name, 'x'])), settingNames), [])
})

await t.test('setting names: the start is not stopped when Kubernetes or Docker names services beside this one', async (t) => {
  for (const service of ['WECHAT', 'STORE', 'LIMIT', 'KEYS', 'PUBLIC', 'TRUST', 'MAX', 'SITE', 'LOG']) {
    const links = Object.fromEntries([
      ['_SERVICE_HOST', '10.96.0.7'], ['_SERVICE_PORT', '80'], ['_SERVICE_PORT_HTTP', '80'], ['_PORT', 'tcp://10.96.0.7:80'], ['_PORT_80_TCP', 'tcp://10.96.0.7:80'],
      ['_PORT_80_TCP_PROTO', 'tcp'], ['_PORT_80_TCP_PORT', '80'], ['_PORT_80_TCP_ADDR', '10.96.0.7'], ['_URL', 'tcp://10.96.0.7:80'],
    ].filter(([name]) => !(settingNames as readonly string[]).includes(`${service}${name}`)).map(([name, value]) => [`${service}${name}`, value]))
    t.strictSame(misspelledIn(links, settingNames), [], service)
  }
  t.strictSame(misspelledIn({ STORE_URI: 'tcp://10.96.0.7:80', KEYS_FILE_SERVICE_HOST: 'x' }, settingNames), [])
})

await t.test('setting names: what other programs call a setting is told when that setting is not set', async (t) => {
  const line = (name: string, setting: string): string => `${name} is not a setting of scan-login and is ignored, and ${setting} is not set: did you mean ${setting}?`
  t.strictSame(likelyMeantIn({ REDIS_URL: 'redis://:pw@db:6379' }), [line('REDIS_URL', 'STORE_URL')], 'without the value, which may be a secret')
  t.strictSame(likelyMeantIn({ DATABASE_URL: 'rediss://db', BASE_URL: 'https://login.example.com', TRUSTED_PROXIES: '10.0.0.1', WECHAT_APP_SECRET: 'x', WX_APPID: 'x' }), [
    line('BASE_URL', 'PUBLIC_URL'), line('DATABASE_URL', 'STORE_URL'), line('TRUSTED_PROXIES', 'TRUST_PROXY'), line('WX_APPID', 'WECHAT_APPID'), line('WECHAT_APP_SECRET', 'WECHAT_SECRET'),
  ])
  for (const environment of [
    {},
    { REDIS_URL: '' },
    { REDIS_URL: 'redis://db', STORE_URL: 'sqlite:data/x.db' },
    { REDIS_URL: 'redis://db', STORE_URL_FILE: '/run/secrets/store' },
    { DATABASE_URL: 'postgres://db', BASE_URL: '/app' },
  ]) t.strictSame(likelyMeantIn(environment), [], JSON.stringify(environment))
})
