import t from 'tap'
import { ConfigError, readConfig, readSettings, settingNames } from '../../src/config.ts'
import { sectionIn } from '../support/readmes.ts'

const linesOf = (env: Record<string, string>): readonly string[] => {
  try {
    readConfig(env)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.lines
    throw error
  }
}

await t.test('config: the documented defaults hold when nothing is set', async (t) => {
  t.strictSame(readConfig({}), {
    PUBLIC_URL: 'http://localhost:3000',
    HOST: '::',
    PORT: 3000,
    WECHAT_APPID: null,
    WECHAT_SECRET: null,
    WECHAT_API_URL: 'https://api.weixin.qq.com',
    WECHAT_ENV_VERSION: 'release',
    CODE_SUPPLY: 8,
    WECHAT_URL_LINK: 'off',
    HTTPS_PROXY: null,
    HTTP_PROXY: null,
    NO_PROXY: [],
    STORE_URL: 'sqlite:data/scan-login.db',
    KEYS_FILE: 'data/keys.json',
    SITE_NAME: null,
    SITE_LOGO: null,
    SITE_COLOR: null,
    SITE_PRIVACY_URL: null,
    SITE_TERMS_URL: null,
    OTHER_LOGIN_URL: null,
    GEOIP_FILE: null,
    ALLOWED_ORIGINS: [],
    TRUST_PROXY: [],
    WEBHOOK_URL: null,
    WEBHOOK_SECRET: null,
    TICKET_TTL: 180,
    MAX_WAIT: 25,
    MATCH_NUMBERS: 'tap',
    REGISTRATION: 'open',
    KEEP_WECHAT_IDS: 'off',
    OIDC_CLIENTS_FILE: null,
    OIDC_EMAIL_DOMAIN: null,
    COOKIE_DOMAIN: null,
    SESSION_IDLE: 2_592_000,
    SESSION_MAX: 7_776_000,
    TOKEN_AUDIENCE: null,
    MAX_TICKETS: 100_000,
    MAX_HELD_POLLS: 20_000,
    LIMIT_CREATE: 60,
    LIMIT_GUESS: 60,
    LIMIT_PHONE: 120,
    METRICS_HOST: '127.0.0.1',
    METRICS_PORT: null,
    LOG_LEVEL: 'info',
    origin: 'http://localhost:3000',
    basePath: '',
    siteName: 'localhost:3000',
    home: null,
    audience: 'http://localhost:3000',
    emailDomain: 'localhost.invalid',
    proxies: [],
    isSecure: false,
  })
})

await t.test('config: origin, path and names follow from PUBLIC_URL, with and without a path', async (t) => {
  t.hasStrict(readConfig({ PUBLIC_URL: 'https://Example.com:443/sign/in/' }), {
    PUBLIC_URL: 'https://example.com/sign/in', origin: 'https://example.com', basePath: '/sign/in', siteName: 'example.com', home: 'https://example.com/', audience: 'https://example.com', isSecure: true,
  })
  t.equal(readConfig({ PUBLIC_URL: 'https://login.example.com', ALLOWED_ORIGINS: 'https://www.example.com' }).home, 'https://www.example.com/')
  t.equal(readConfig({ PUBLIC_URL: 'https://login.example.com', ALLOWED_ORIGINS: 'https://www.example.com,https://shop.example.com' }).home, null)
  t.hasStrict(readConfig({ PUBLIC_URL: 'https://example.com:8443' }), { PUBLIC_URL: 'https://example.com:8443', basePath: '', siteName: 'example.com:8443' })
})

await t.test('config: made-up e-mail addresses are at a domain that is nobody\'s, unless OIDC_EMAIL_DOMAIN names one', async (t) => {
  for (const [PUBLIC_URL, domain] of [['https://Login.example.com:8443/auth', 'login.example.com.invalid'], ['https://login.example.com.', 'login.example.com.invalid'], ['http://127.0.0.1:3000', '127.0.0.1.invalid'], ['http://[::1]:3000', 'localhost.invalid']] as const) {
    t.equal(readConfig({ PUBLIC_URL }).emailDomain, domain)
  }
  for (const domain of ['people.example.com', 'example.co', 'wx.a--b.example', `${'a'.repeat(26)}.com`]) t.equal(readConfig({ OIDC_EMAIL_DOMAIN: domain }).emailDomain, domain)
})

await t.test('config: the default holds when a value is empty', async (t) => {
  t.equal(readConfig({ PORT: '', SITE_NAME: '' }).PORT, 3000)
})

await t.test('config: both loopback addresses are trusted when TRUST_PROXY has one, and none when it has none', async (t) => {
  const trustedWith = (TRUST_PROXY: string): readonly string[] => readConfig({ TRUST_PROXY }).proxies
  for (const one of ['127.0.0.1', '::1', '127.0.0.0/8', '::ffff:127.0.0.1', '10.0.0.1,127.0.0.1']) t.strictSame(trustedWith(one), [...one.split(','), '127.0.0.1', '::1'], one)
  for (const other of ['10.0.0.1', '127.0.0.2', '2001:db8::1']) t.strictSame(trustedWith(other), [other])
})

await t.test('config: white space around a value is no part of it', async (t) => {
  t.hasStrict(readConfig({ WECHAT_APPID: ' wx0123456789abcdef\n', WECHAT_SECRET: '0123456789abcdef0123456789abcdef\r\n', PORT: '8080 ', SITE_NAME: ' My site\t', KEYS_FILE: ' ' }), {
    WECHAT_APPID: 'wx0123456789abcdef', WECHAT_SECRET: '0123456789abcdef0123456789abcdef', PORT: 8080, SITE_NAME: 'My site', KEYS_FILE: 'data/keys.json',
  })
})

const appSecret = '0123456789abcdef0123456789abcdef'

await t.test('config: a secret is read from a file, without the newline at its end, when a …_FILE names one', async (t) => {
  const files: Readonly<Record<string, string>> = { secret: `${appSecret}\n`, store: '\ufeffredis://:pw@db:6379/1\r\n', empty: '\n', bad: 'short\n' }
  const readFile = (path: string): string => files[path] ?? (() => { throw new Error(`ENOENT: no such file or directory, open '${path}'`) })()
  t.hasStrict(readConfig({ WECHAT_SECRET_FILE: 'secret', STORE_URL_FILE: ' store', WECHAT_SECRET: '' }, readFile), { WECHAT_SECRET: appSecret, STORE_URL: 'redis://:pw@db:6379/1' })
  t.hasStrict(readConfig({ WECHAT_SECRET_FILE: '', STORE_URL_FILE: 'none' }), { WECHAT_SECRET: null, STORE_URL: 'sqlite:data/scan-login.db' }, 'no file is read without a reader')
  for (const [environment, line] of [
    [{ WECHAT_SECRET_FILE: 'secret', WECHAT_SECRET: appSecret }, 'WECHAT_SECRET and WECHAT_SECRET_FILE are both set: set only one of them'],
    [{ STORE_URL_FILE: 'none' }, 'STORE_URL can\'t be read from none: ENOENT: no such file or directory, open \'none\''],
    [{ WECHAT_SECRET_FILE: 'empty' }, 'WECHAT_SECRET can\'t be read from empty: the file is empty'],
    [{ WECHAT_SECRET_FILE: 'bad' }, 'WECHAT_SECRET must be the AppSecret of a mini program'],
    [{ WECHAT_SECRETS_FILE: 'secret' }, 'WECHAT_SECRETS_FILE is not a setting of scan-login: did you mean WECHAT_SECRET_FILE?'],
  ] as const) t.throws(() => readConfig(environment, readFile), { message: line }, line)
})

await t.test('config: URL Links are on when WECHAT_URL_LINK is on', async (t) => {
  t.equal(readConfig({ WECHAT_URL_LINK: 'on' }).WECHAT_URL_LINK, 'on')
})

await t.test('config: lists, durations and single addresses are read', async (t) => {
  const config = readConfig({
    PUBLIC_URL: 'https://login.example.com',
    ALLOWED_ORIGINS: 'https://a.example, https://b.example:8443',
    TRUST_PROXY: '10.0.0.0/8, 192.0.2.7,2001:db8::/32,::1,::ffff:10.0.0.0/104,::ffff:192.0.2.8',
    COOKIE_DOMAIN: 'example.com',
    SESSION_IDLE: '12h',
    SESSION_MAX: '90',
  })
  t.strictSame(config.ALLOWED_ORIGINS, ['https://a.example', 'https://b.example:8443'])
  t.strictSame(config.TRUST_PROXY, ['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', '::1', '::ffff:10.0.0.0/104', '::ffff:192.0.2.8'])
  t.hasStrict(config, { SESSION_IDLE: 43_200, SESSION_MAX: 90, COOKIE_DOMAIN: 'example.com' })
})

const bad: Record<string, readonly string[]> = {
  PUBLIC_URL: ['example.com', 'http://example.com', 'ftp://localhost', 'https://a:b@example.com', 'https://example.com/?a', 'https://example.com/#a', 'https://example.com?', 'https://example.com/a//b', 'https://example.com/a b', 'https://localhost.evil.example:x'],
  HOST: ['a b', 'http://localhost'],
  PORT: ['-1', '65536', '80.5', '0x50', 'http', '1e3'],
  WECHAT_APPID: ['a b'],
  WECHAT_SECRET: ['short', 'has spaces in between them', 'x'.repeat(32), 'XxXxXxXxXxXxXxXxXxXxXxXxXxXxXxXx', '0'.repeat(32), '12341234123412341234123412341234', 'yourAppSecret0123456789abcdef', 'changeme0123456789abcdef'],
  WECHAT_API_URL: ['api.weixin.qq.com', 'ftp://api.weixin.qq.com'],
  WECHAT_ENV_VERSION: ['Release', 'prod'],
  CODE_SUPPLY: ['-1', '1001', 'on'],
  WECHAT_URL_LINK: ['yes', 'true', 'ON'],
  HTTPS_PROXY: ['ftp://proxy:21', 'socks5://proxy:1080', 'http://proxy:99999', 'http://proxy:3128/path', 'http://proxy:3128/?a', 'http://a:%zz@proxy:3128', 'http://'],
  STORE_URL: ['memory', 'sqlite:', 'redis:', 'postgres://localhost'],
  SITE_NAME: ['a\nb', 'x'.repeat(65), 'a\u202eb', 'a\u200bb', 'a\u2028b', '\u3164', '\ud800', 'a\u2066b\u2069'],
  ALLOWED_ORIGINS: ['https://a.example/', '*', 'null', 'a.example', 'https://a.example,,https://b.example', 'https://A.example'],
  TRUST_PROXY: ['true', '1', 'loopback', '10.0.0.0/33', '10.0.0.0/0', '::/0', '2001:db8::/129', '10.0.0.0/8/8', '10.0.0.0/x', '10.0.0.1,', '::ffff:10.0.0.0/8', '::ffff:a00:0/64', '::ffff:0:0/95', '::ffff:0.0.0.0/96', '::ffff:10.0.0.0/129', '10.0.0.0/', '::1/'],
  WEBHOOK_URL: ['hook.example.com', 'ftp://hook.example.com', 'https://a:b@hook.example.com', 'https://hook.example.com/#a'],
  WEBHOOK_SECRET: ['whsec_', 'whsec_c2hvcnQ=', 'not base64 at all, and long enough', `sk_${Buffer.alloc(32).toString('base64')}`, 'whsec_c2Nhbi1sb2dpbi10ZXN0cy1vbmx5LTMyLWJ5dGVz,'],
  TICKET_TTL: ['0', '3601', '3m'],
  MAX_WAIT: ['56', '-1'],
  MATCH_NUMBERS: ['yes', 'true', 'ON'],
  REGISTRATION: ['Open', 'on', 'invite'],
  OIDC_EMAIL_DOMAIN: ['localhost', 'Example.com', '@example.com', 'a@example.com', 'example.com.', '.example.com', 'a..example.com', '-a.example.com', 'a-.example.com', 'a_b.example.com', '例子.com', 'exa mple.com', `${'a'.repeat(27)}.com`],
  KEEP_WECHAT_IDS: ['yes', 'true', 'ON'],
  COOKIE_DOMAIN: ['.localhost', 'localhost', 'https://example.com'],
  SESSION_IDLE: ['0', '401d', '1w', '1.5h', '-1'],
  SESSION_MAX: ['never'],
  TOKEN_AUDIENCE: ['a b', '微信'],
  MAX_TICKETS: ['0'],
  MAX_HELD_POLLS: ['-1'],
  LIMIT_CREATE: ['0'],
  LIMIT_GUESS: ['many'],
  LIMIT_PHONE: ['1.5'],
  METRICS_HOST: ['http://127.0.0.1', 'a b'],
  METRICS_PORT: ['0', '65536', 'on'],
  LOG_LEVEL: ['verbose'],
}

for (const [name, values] of Object.entries(bad)) {
  await t.test(`config: one line stops the start when ${name} is wrong`, async (t) => {
    for (const value of values) {
      const lines = linesOf({ [name]: value })
      t.equal(lines.length, 1, encodeURIComponent(value.toWellFormed())) // as a line of a report can show it
      t.match(lines[0], new RegExp(`^${name} (?:must|has|needs) [^\\n]+$`))
    }
  })
}

const webhookSecret = 'whsec_c2Nhbi1sb2dpbi10ZXN0cy1vbmx5LTMyLWJ5dGVz'

await t.test('config: WEBHOOK_URL stays as it is and needs a secret, which may come from a file', async (t) => {
  const url = 'http://relay.internal:8080/hook/?token=x'
  t.hasStrict(readConfig({ WEBHOOK_URL: url, WEBHOOK_SECRET: webhookSecret }), { WEBHOOK_URL: url, WEBHOOK_SECRET: webhookSecret })
  t.hasStrict(readConfig({ WEBHOOK_URL: url, WEBHOOK_SECRET_FILE: 'file' }, () => `${webhookSecret}\n`), { WEBHOOK_SECRET: webhookSecret })
  t.hasStrict(readConfig({ WEBHOOK_URL: url, WEBHOOK_SECRET_FILE: 'file' }), { WEBHOOK_URL: url, WEBHOOK_SECRET: null }, 'a command that reads no file of a secret starts')
  t.match(linesOf({ WEBHOOK_URL: url }), [/^WEBHOOK_URL needs a WEBHOOK_SECRET, /])
  t.match(linesOf({ WEBHOOK_URL: url, WEBHOOK_SECRET: ' ' }), [/^WEBHOOK_URL needs a WEBHOOK_SECRET, /])
  t.throws(() => readConfig({ WEBHOOK_URL: url, WEBHOOK_SECRET: webhookSecret, WEBHOOK_SECRET_FILE: 'file' }, () => webhookSecret), { message: 'WEBHOOK_SECRET and WEBHOOK_SECRET_FILE are both set: set only one of them' })
  for (const secret of ['swordfish', `${webhookSecret}!`]) t.notMatch(linesOf({ WEBHOOK_URL: url, WEBHOOK_SECRET: secret }).join(), secret, 'no secret is shown')
})

await t.test('config: proxies are read in either case, the lower first, and without a scheme as http', async (t) => {
  t.strictSame(readConfig({ HTTPS_PROXY: 'proxy.internal:3128', http_proxy: 'https://ada:p%40ss@proxy.example', NO_PROXY: '.internal, 10.0.0.0/8 [::1]:443 *' }), {
    ...readConfig({}), HTTPS_PROXY: 'http://proxy.internal:3128/', HTTP_PROXY: 'https://ada:p%40ss@proxy.example/', NO_PROXY: ['.internal', '10.0.0.0/8', '[::1]:443', '*'],
  })
  t.equal(readConfig({ HTTPS_PROXY: 'http://upper', https_proxy: 'http://lower' }).HTTPS_PROXY, 'http://lower/')
  t.equal(readConfig({ HTTPS_PROXY: 'http://upper', https_proxy: '' }).HTTPS_PROXY, 'http://upper/')
  const lines = linesOf({ https_proxy: 'ftp://ada:swordfish@proxy' })
  t.match(lines, [/^https_proxy must be /])
  t.notMatch(lines.join(), 'swordfish', 'no password is shown')
})

await t.test('config: a proxy that can\'t be used stops the start when calls to WeChat would go through it, and is told when they would not', async (t) => {
  const socks = 'socks5://ada:swordfish@proxy:1080'
  const api = 'http://wechat.internal'
  for (const [environment, name] of [
    [{ HTTPS_PROXY: socks }, 'HTTPS_PROXY'],
    [{ http_proxy: socks, WECHAT_API_URL: api }, 'http_proxy'],
    [{ HTTPS_PROXY: 'http://proxy', https_proxy: socks, NO_PROXY: '.cn' }, 'https_proxy'],
    [{ HTTP_PROXY: socks, WEBHOOK_URL: 'http://relay.internal', WEBHOOK_SECRET: webhookSecret }, 'HTTP_PROXY'],
  ] as const) t.match(linesOf(environment), [new RegExp(`^${name} must be the http or https URL of a proxy, [^\\n]+$`)], name)
  for (const [environment, name] of [
    [{ HTTP_PROXY: socks }, 'HTTP_PROXY'],
    [{ HTTPS_PROXY: socks, WECHAT_API_URL: api }, 'HTTPS_PROXY'],
    [{ https_proxy: socks, no_proxy: 'localhost;.weixin.qq.com' }, 'https_proxy'],
  ] as const) {
    const { config, warnings } = readSettings(environment)
    t.strictSame([config.HTTP_PROXY, config.HTTPS_PROXY], [null, null])
    t.match(warnings, [new RegExp(`^${name} is ignored, as no call to WeChat or to WEBHOOK_URL needs it: here it must be [^\\n]+$`)])
    t.notMatch(warnings.join(), 'swordfish')
  }
})

await t.test('config: entries of NO_PROXY that say nothing here are told and ignored, and the others hold', async (t) => {
  for (const [text, entries] of [['localhost;10.*', ['localhost', '10.*']], ['<local>;*.internal', ['*.internal']], ['http://wechat.example', []], ['微信, a', ['a']]] as const) {
    const { config, warnings } = readSettings({ no_proxy: text, HTTPS_PROXY: 'http://proxy' })
    t.strictSame(config.NO_PROXY, entries, text)
    t.strictSame(warnings, text.startsWith('localhost') ? [] : ['no_proxy has entries that are no host name, address or CIDR, and they are ignored'], text)
  }
  t.strictSame(readSettings({ GOPROXY: 'https://goproxy.cn,direct' }), { config: readConfig({}), warnings: [], notes: [] })
})

await t.test('config: a port is not set, with one line, when Kubernetes has set it to the address of a service', async (t) => {
  const { config, warnings } = readSettings({ PORT: 'tcp://10.96.0.7:9090' })
  t.equal(config.PORT, 3000)
  t.match(warnings, [/^PORT is ignored: it is the address of a service beside this one, /])
  t.match(linesOf({ STORE_URL: 'tcp://10.96.0.7:6379', HOST: 'tcp://10.96.0.7' }), [/^HOST must/, /^STORE_URL must/], 'what a service without it would start on is not chosen silently')
})

await t.test('config: a name is told when it names a file for a setting that can\'t be one', async (t) => {
  t.strictSame(readSettings({ WECHAT_APPID_FILE: '/run/secrets/appid' }).warnings, ['not settings of scan-login, and ignored: WECHAT_APPID_FILE (did you mean WECHAT_APPID?)'])
})

await t.test('config: MATCH_NUMBERS is tap when it is set to its older name, on', async (t) => {
  for (const [text, mode] of [['on', 'tap'], ['tap', 'tap'], ['type', 'type'], ['off', 'off'], ['', 'tap']] as const) t.equal(readConfig({ MATCH_NUMBERS: text }).MATCH_NUMBERS, mode, text)
})

await t.test('config: METRICS_PORT is not the port of visitors', async (t) => {
  t.hasStrict(readConfig({ METRICS_PORT: '9464', METRICS_HOST: '10.0.0.7' }), { METRICS_PORT: 9464, METRICS_HOST: '10.0.0.7' })
  const line = 'METRICS_PORT must be another port than PORT: what it tells is not for visitors'
  for (const env of [{ METRICS_PORT: '3000' }, { METRICS_PORT: '8080', PORT: '8080', METRICS_HOST: '10.0.0.7' }]) t.strictSame(linesOf(env), [line])
  t.equal(readConfig({ METRICS_PORT: 'tcp://10.96.0.7:80' }).METRICS_PORT, null, 'what Kubernetes sets for a service named "metrics" is no setting')
})

await t.test('config: every mistake has a line of its own, a misspelled name, too', async (t) => {
  t.strictSame(linesOf({ PORT: 'x', LOG_LEVEL: 'x', WECHAT_APP_ID: 'wx1', LIMIT_X: '1', SESSION_IDEL: '1', MAX_TICKET: '1', PATH: '/bin', MATCH: 'x', PORTS: '1', SESSION_MANAGER: 'x' }), [
    'WECHAT_APP_ID is not a setting of scan-login: did you mean WECHAT_APPID?',
    'SESSION_IDEL is not a setting of scan-login: did you mean SESSION_IDLE?',
    'MAX_TICKET is not a setting of scan-login: did you mean MAX_TICKETS?',
    'PORT must be a whole number from 0 to 65535',
    'LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent',
  ])
})

await t.test('config: the start is refused when COOKIE_DOMAIN is not at or above PUBLIC_URL, or that is not https', async (t) => {
  t.strictSame(linesOf({ PUBLIC_URL: 'https://login.example.com', COOKIE_DOMAIN: 'example.org' }), ['COOKIE_DOMAIN must be the domain of PUBLIC_URL or one above it'])
  t.strictSame(linesOf({ PUBLIC_URL: 'https://badexample.com', COOKIE_DOMAIN: 'example.com' }), ['COOKIE_DOMAIN must be the domain of PUBLIC_URL or one above it'])
  t.strictSame(linesOf({ PUBLIC_URL: 'http://login.app.localhost', COOKIE_DOMAIN: 'app.localhost' }), ['COOKIE_DOMAIN needs a PUBLIC_URL with https'])
})

await t.test('SITE_COLOR: the start is refused when white text on it is hard to read', async (t) => {
  for (const color of ['#1a3d7c', '#000000', '#12754A', '#767676']) t.equal(readConfig({ SITE_COLOR: color }).SITE_COLOR, color)
  t.strictSame(linesOf({ SITE_COLOR: '#07c160' }), ['SITE_COLOR has a contrast of 2.4 : 1 with white, and needs 4.5 : 1, as buttons have white text on it: take a darker one'])
  for (const color of ['#ffffff', '#777777', '#ffcc00']) t.match(linesOf({ SITE_COLOR: color }).join(), 'contrast', color)
  for (const color of ['red', '#fff', '1a3d7c', '#1a3d7c; }']) t.strictSame(linesOf({ SITE_COLOR: color }), ['SITE_COLOR must be a color like #1a3d7c'], color)
})

await t.test('COOKIE_DOMAIN: the start is refused when it is a public suffix, for which browsers take no cookie', async (t) => {
  const line = 'COOKIE_DOMAIN is a public suffix, under which anybody can have a name: browsers refuse a cookie for it. Name a domain of your own'
  for (const [host, suffix] of [['login.example.co.uk', 'co.uk'], ['login.me.github.io', 'github.io'], ['a.example.com.cn', 'com.cn'], ['x.eu-west-1.compute.amazonaws.com', 'eu-west-1.compute.amazonaws.com']] as const) {
    t.strictSame(linesOf({ PUBLIC_URL: `https://${host}`, COOKIE_DOMAIN: suffix }), [line], suffix)
  }
  for (const [host, domain] of [['login.example.co.uk', 'example.co.uk'], ['login.me.github.io', 'me.github.io'], ['login.corp.internal', 'corp.internal']] as const) {
    t.strictSame(linesOf({ PUBLIC_URL: `https://${host}`, COOKIE_DOMAIN: domain }), [], domain)
  }
})

for (const [language, title] of [['en', 'Configuration'], ['zh-CN', '配置']] as const) {
  await t.test(`config: the README in ${language} lists every setting with its default, and no other`, async (t) => {
    const listed = [...sectionIn(language, title).matchAll(/^\| `([A-Z_]+)` \| (.+?) \|/gm)].map(([, name = '', text = '']) => [name, /^`(.+)`$/.exec(text)?.[1]] as const)
    t.strictSame(listed.map(([name]) => name).sort(), [...settingNames].sort())
    const defaults = readConfig({})
    t.strictSame(readConfig(Object.fromEntries(listed)), defaults, 'to set what the table calls the defaults changes nothing')
    t.strictSame(listed.filter(([, text]) => text === undefined).map(([name]) => name).sort(), settingNames.filter((name) => String(defaults[name] ?? '') === '').sort(), 'where it names none there is none')
  })
}

for (const [language, title] of [['en', 'Limits'], ['zh-CN', '上限']] as const) {
  await t.test(`config: the README in ${language} lists every limit with its default`, async (t) => {
    const listed = [...sectionIn(language, title).matchAll(/^\| `((?:LIMIT|MAX)_\w+)`.*? \| \D*([\d,]+)/gm)].map(([, name = '', text = '']) => [name, Number(text.replaceAll(',', ''))] as const)
    const defaults = readConfig({})
    const limits = settingNames.filter((name) => /^LIMIT_|^MAX_(?!WAIT)/.test(name))
    t.strictSame(Object.fromEntries(listed), Object.fromEntries(limits.map((name) => [name, defaults[name]])))
  })
}
