// Names in the environment that are no settings: which stop the start, which are told, and which concern another program.
import t from 'tap'
import { settingNames } from '../../src/config.ts'
import { ignoredNamesIn, misspelledIn } from '../../src/setting-names.ts'

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
    ALLOWED_ORIGIN: 'ALLOWED_ORIGINS',
    COOKIES_DOMAINS: 'COOKIE_DOMAIN',
    SESSION_IDEL: 'SESSION_IDLE',
    MAX_TICKET: 'MAX_TICKETS',
    LIMIT_CREATES: 'LIMIT_CREATE',
    WECHAT_ENVVERSION: 'WECHAT_ENV_VERSION',
    PUBLIC_ULR: 'PUBLIC_URL',
    SITENAME: 'SITE_NAME',
  }
  t.strictSame(meantBy(Object.keys(slips)), Object.values(slips))
  for (const setting of settingNames) t.strictSame(misspelledIn({ [setting]: 'x' }, settingNames), [], setting)
})

/** Names of other programs, or of things that the same company has beside this service, by the setting that each is near. */
const nearNames = {
  WECHAT_SECRET: ['WECHAT_MP_SECRET', 'WECHAT_H5_SECRET', 'WECHAT_OA_SECRET', 'WECHAT_QY_SECRET', 'WECHAT_SECRET_ID', 'WECHAT_SECRET2', 'WECHATY_SECRET', 'WEBCHAT_SECRET'],
  WECHAT_APPID: ['WECHAT_MP_APPID', 'WECHAT_H5_APPID', 'WECHAT_APPID_2', 'WECHAT_APPID2', 'WECHAT_APPID_FILE'],
  WECHAT_API_URL: ['WECHAT_PAY_URL', 'WECHAT_APP_URL', 'WECHAT_AI_URL', 'WECHAT_API_URL2', 'WECHAT_API_CURL'],
  LOG_LEVEL: ['LOGLEVEL', 'LOG_LEVELS', 'BLOG_LEVEL'],
  KEYS_FILE: ['KEY_FILE', 'KEYFILE', 'KEYS_FILE_2'],
  COOKIE_DOMAIN: ['COOKIE_DOMAIN_2', 'COOKIE_DOMAIN2'],
  STORE_URL: ['STORES_URL', 'STORY_URL', 'STORE_URL_2'],
  LIMIT_GUESS: ['LIMIT_GUEST'],
  MATCH_NUMBERS: ['BATCH_NUMBERS', 'PATCH_NUMBER'],
  GEOIP_FILE: ['GEOIP2_FILE'],
  ALLOWED_ORIGINS: ['ALLOW_ORIGINS'],
  SITE_NAME: ['SUITE_NAME'],
} as const

await t.test('setting names: the start goes on, with one line that names them, when names are near settings that are not set, and words of their own', async (t) => {
  const known = [...settingNames, 'WECHAT_SECRET_FILE', 'STORE_URL_FILE']
  for (const [setting, names] of Object.entries(nearNames)) {
    for (const name of names) {
      t.strictSame(misspelledIn({ [name]: 'swordfish' }, known), [], name)
      t.strictSame(ignoredNamesIn({ [name]: 'swordfish' }, known), { warnings: [`not settings of scan-login, and ignored: ${name} (did you mean ${setting}?)`], notes: [] }, name)
      const { warnings, notes } = ignoredNamesIn({ [name]: 'swordfish', [setting]: 'x' }, known)
      t.strictSame([warnings, notes], [[], [`not settings of scan-login, and ignored: ${name}`]], `${name} beside its setting`)
    }
  }
  t.strictSame(ignoredNamesIn({ KEY_FILE: 'x', WECHAT_MP_SECRET: 'x' }, known).warnings, ['not settings of scan-login, and ignored: KEY_FILE (did you mean KEYS_FILE?), WECHAT_MP_SECRET (did you mean WECHAT_SECRET?)'])
})

await t.test('setting names: names that begin as settings do are told together, and those of all programs are not', async (t) => {
  const ofOurs = ['WECHAT_MCHID', 'WECHAT_MCH_ID', 'WECHAT_API_KEY', 'WECHAT_API_V3_KEY', 'WECHAT_TOKEN', 'WECHAT_CORP_ID', 'WECHAT_OPENID', 'WECHAT_UNIONID', 'LIMIT_MEMORY', 'LIMIT_CPU', 'TICKET_URL', 'TICKET_TYPE', 'SCAN_LOGIN_DEBUG']
  const others = [
    'PATH', 'HOSTNAME', 'PORTS', 'MATCH', 'SESSION_MANAGER', 'DBUS_SESSION_BUS_ADDRESS', 'MATCH_ALL', 'MAX_RETRIES', 'SITE_ID', 'STORE_ID', 'LOG_FORMAT', 'LOG_FILE',
    'GOPROXY', 'GONOPROXY', 'NO_PROXY', 'no_proxy', 'ALL_PROXY', 'FTP_PROXY', 'HTTP_PROXY_2', 'NPM_CONFIG_HTTPS_PROXY', 'HTTPS_PROXY_URL', 'SOCKS_PROXY', 'DOCKER_HTTP_PROXY',
    'REDIS_URL', 'DATABASE_URL', 'TRUSTED_PROXIES', 'CORS_ORIGIN',
  ]
  const environment = Object.fromEntries([...ofOurs, ...others].map((name) => [name, 'http://swordfish']))
  const known = [...settingNames, 'https_proxy', 'http_proxy', 'no_proxy']
  t.strictSame(misspelledIn(environment, known), [])
  const { warnings, notes } = ignoredNamesIn({ ...environment, TRUSTED_PROXIES: '', CORS_ORIGIN: '', REDIS_URL: '' }, known)
  t.strictSame([warnings, notes], [[], [`not settings of scan-login, and ignored: ${ofOurs.join(', ')}`]])
})

await t.test('setting names: the start is not stopped when Kubernetes or Docker names services beside this one', async (t) => {
  for (const service of ['WECHAT', 'STORE', 'LIMIT', 'KEYS', 'PUBLIC', 'TRUST', 'MAX', 'SITE', 'LOG']) {
    const links = Object.fromEntries([
      ['_SERVICE_HOST', '10.96.0.7'], ['_SERVICE_PORT', '80'], ['_SERVICE_PORT_HTTP', '80'], ['_PORT', 'tcp://10.96.0.7:80'], ['_PORT_80_TCP', 'tcp://10.96.0.7:80'],
      ['_PORT_80_TCP_PROTO', 'tcp'], ['_PORT_80_TCP_PORT', '80'], ['_PORT_80_TCP_ADDR', '10.96.0.7'], ['_URL', 'tcp://10.96.0.7:80'],
    ].filter(([name]) => !(settingNames as readonly string[]).includes(`${service}${name}`)).map(([name, value]) => [`${service}${name}`, value]))
    t.strictSame(misspelledIn(links, settingNames), [], service)
    t.strictSame(ignoredNamesIn(links, settingNames), { warnings: [], notes: [] }, service)
  }
  t.strictSame(misspelledIn({ STORE_URI: 'tcp://10.96.0.7:80', KEYS_FILE_SERVICE_HOST: 'x' }, settingNames), [])
})

await t.test('setting names: what other programs call a setting is told when that setting is not set', async (t) => {
  const line = (name: string, setting: string): string => `${name} is not a setting of scan-login and is ignored, and ${setting} is not set: did you mean ${setting}?`
  t.strictSame(ignoredNamesIn({ REDIS_URL: 'redis://:pw@db:6379' }, settingNames).warnings, [line('REDIS_URL', 'STORE_URL')], 'without the value, which may be a secret')
  t.strictSame(ignoredNamesIn({ DATABASE_URL: 'rediss://db', BASE_URL: 'https://login.example.com', TRUSTED_PROXIES: '10.0.0.1', WECHAT_APP_SECRET: 'x', WX_APPID: 'x' }, settingNames).warnings, [
    line('BASE_URL', 'PUBLIC_URL'), line('DATABASE_URL', 'STORE_URL'), line('TRUSTED_PROXIES', 'TRUST_PROXY'), line('WX_APPID', 'WECHAT_APPID'), line('WECHAT_APP_SECRET', 'WECHAT_SECRET'),
  ])
  for (const environment of [
    {},
    { REDIS_URL: '' },
    { REDIS_URL: 'redis://db', STORE_URL: 'sqlite:data/x.db' },
    { REDIS_URL: 'redis://db', STORE_URL_FILE: '/run/secrets/store' },
    { DATABASE_URL: 'postgres://db', BASE_URL: '/app' },
  ]) t.strictSame(ignoredNamesIn(environment, [...settingNames, 'STORE_URL_FILE']).warnings, [], JSON.stringify(environment))
})
