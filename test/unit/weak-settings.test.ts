import t from 'tap'
import { readConfig } from '../../src/config.ts'
import { weakSettings } from '../../src/weak-settings.ts'

const isSecure = { PUBLIC_URL: 'https://login.example.com' }
const linesOf = (env: Record<string, string>, isProduction = true): readonly string[] => weakSettings(readConfig({ ...isSecure, ...env }), { isProduction })

const webhookSecret = 'whsec_c2Nhbi1sb2dpbi10ZXN0cy1vbmx5LTMyLWJ5dGVz'

/** Settings, and how the line of each begins. */
const weak: ReadonlyArray<readonly [Record<string, string>, ...string[]]> = [
  [{ MATCH_NUMBERS: 'off' }, 'MATCH_NUMBERS=off: '],
  [{ ALLOWED_ORIGINS: 'http://shop.example' }, 'ALLOWED_ORIGINS has http://shop.example: anybody on the network between'],
  [{ ALLOWED_ORIGINS: 'https://a.example,http://b.example:8080,http://localhost:5173' }, 'ALLOWED_ORIGINS has http://b.example:8080: ', 'ALLOWED_ORIGINS has http://localhost:5173: '],
  [{ ALLOWED_ORIGINS: 'https://github.io' }, 'ALLOWED_ORIGINS has https://github.io: its name is a public suffix'],
  [{ ALLOWED_ORIGINS: 'http://co.uk' }, 'ALLOWED_ORIGINS has http://co.uk: its name is a public suffix'],
  ...['0.0.0.0/1', '128.0.0.0/1', '8.0.0.0/8', '104.16.0.0/11', '10.0.0.0/7', '172.16.0.0/11', '192.168.0.0/9', '127.0.0.0/7', '::/1', '8000::/1', '2000::/3', '2400::/23', 'fc00::/6', 'fe80::/9', '::ffff:0.0.0.0/97', '::ffff:10.0.0.0/103', '::ffff:a00:0/103'].map((range) =>
    [{ TRUST_PROXY: `10.0.0.0/8,${range}` }, `TRUST_PROXY has ${range}: `] as const),
  [{ WECHAT_API_URL: 'http://gateway.example.com' }, 'WECHAT_API_URL is http to a public host: '],
  [{ WECHAT_API_URL: 'http://203.0.113.7:8080' }, 'WECHAT_API_URL is http to a public host: '],
  [{ WECHAT_API_URL: 'http://[2001:db8::7]' }, 'WECHAT_API_URL is http to a public host: '],
  ...['http://hook.example.com/a', 'http://203.0.113.7:8080'].map((url) => [{ WEBHOOK_URL: url, WEBHOOK_SECRET: webhookSecret }, 'WEBHOOK_URL is http to a public host: '] as const),
  [{ HTTPS_PROXY: 'http://user:secret@proxy.example.com:3128' }, 'HTTPS_PROXY is http to a public host: '],
  [{ http_proxy: 'http://user:secret@203.0.113.7:3128' }, 'HTTP_PROXY is http to a public host: '],
  [{ STORE_URL: 'redis://user:secret@redis.example.com:6379/0' }, 'STORE_URL is Redis without TLS on a public host: '],
  [{ STORE_URL: 'redis+cluster://:secret@10.0.0.1,203.0.113.7:6379' }, 'STORE_URL is Redis without TLS on a public host: '],
  [{ STORE_URL: 'redis+sentinel://a.example.com,b.example.com/main' }, 'STORE_URL is Redis without TLS on a public host: '],
  ...['0.0.0.0', '::', '203.0.113.7', '2001:db8::7', 'login.example.com'].map((host) => [{ METRICS_PORT: '9464', METRICS_HOST: host }, `METRICS_HOST=${host}: whoever reaches port 9464 reads `] as const),
  [{ PUBLIC_URL: 'http://localhost:3000' }, 'PUBLIC_URL is http://localhost:3000 in production: '],
  [{ TICKET_TTL: '3600' }, 'TICKET_TTL=3600 seconds: '],
  [{ SESSION_IDLE: '91d' }, 'SESSION_IDLE=7862400 seconds: '],
  [{ SESSION_MAX: '365d' }, 'SESSION_MAX=31536000 seconds: '],
  ...['LIMIT_CREATE', 'LIMIT_GUESS', 'LIMIT_PHONE'].map((name) => [{ [name]: '1000000' }, `${name}=1000000: `] as const),
]

for (const [env, ...begins] of weak) {
  await t.test(`weak settings: each has a warning when ${JSON.stringify(env)} is set`, async (t) => {
    const lines = linesOf(env)
    t.strictSame(lines.map((line, index) => line.startsWith(begins[index] ?? 'nothing')), begins.map(() => true), lines.join('\n'))
    for (const line of lines) t.notMatch(line, /\n|secret@/, 'one line, without a password')
  })
}

/** What weakens nothing, or may be meant as it is. */
const strong: ReadonlyArray<Record<string, string>> = [
  {},
  { MATCH_NUMBERS: 'on' },
  { ALLOWED_ORIGINS: 'https://shop.example, https://me.github.io' },
  { TRUST_PROXY: '10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,127.0.0.1,::1,fc00::/7,fe80::/10,100.64.0.0/10' },
  { TRUST_PROXY: '104.16.0.0/13,172.64.0.0/13,162.158.0.0/15,2a06:98c0::/29,2400:cb00::/32,::ffff:10.0.0.0/104,203.0.113.7' },
  { WECHAT_API_URL: 'https://gateway.example.com' },
  ...['http://127.0.0.1:8080', 'http://[::1]:8080', 'http://localhost', 'http://wechat-gateway', 'http://gateway.internal', 'http://10.1.2.3', 'http://[fd00::1]', 'http://gateway.default.svc.cluster.local'].map((url) => ({ WECHAT_API_URL: url })),
  ...['https://hook.example.com/a', 'http://127.0.0.1:8080', 'http://localhost/a', 'http://relay', 'http://10.1.2.3', 'http://[fd00::1]'].map((url) => ({ WEBHOOK_URL: url, WEBHOOK_SECRET: webhookSecret })),
  ...['redis://redis:6379', 'redis://127.0.0.1', 'redis://:p@10.0.0.7/1', 'redis://cache.internal', 'rediss://user:secret@redis.example.com', 'redis+sentinel://s1,s2/main', 'sqlite:data/x.db', 'sqlite::memory:'].map((url) => ({ STORE_URL: url })),
  ...['http://proxy.example.com:3128', 'https://user:secret@proxy.example.com', 'http://user:secret@proxy.internal:3128', 'http://user:secret@10.0.0.7'].map((url) => ({ HTTPS_PROXY: url })),
  { TICKET_TTL: '600', SESSION_IDLE: '90d', SESSION_MAX: '180d' },
  { LIMIT_CREATE: '9999', LIMIT_GUESS: '9999', LIMIT_PHONE: '9999' },
  { COOKIE_DOMAIN: 'example.com' },
  { METRICS_HOST: '0.0.0.0' },
  ...['127.0.0.1', '::1', 'localhost', '10.0.0.7', 'fd00::7', 'scan-login'].map((host) => ({ METRICS_PORT: '9464', METRICS_HOST: host })),
]

for (const env of strong) {
  await t.test(`weak settings: there is no warning when ${JSON.stringify(env)} is set`, async (t) => {
    t.strictSame(linesOf(env), [])
  })
}

await t.test('weak settings: a service on localhost has no warning when it isn\'t in production', async (t) => {
  t.strictSame(linesOf({ PUBLIC_URL: 'http://localhost:3000', ALLOWED_ORIGINS: 'http://localhost:5173,http://127.0.0.1:8080' }, false), [])
  t.match(linesOf({ PUBLIC_URL: 'http://localhost:3000', ALLOWED_ORIGINS: 'http://shop.example.com' }, false), [/^ALLOWED_ORIGINS has http:\/\/shop\.example\.com: /])
})

await t.test('weak settings: each has a warning of its own when there are many', async (t) => {
  t.equal(linesOf({ MATCH_NUMBERS: 'off', TICKET_TTL: '3600', TRUST_PROXY: '0.0.0.0/1,128.0.0.0/1', LIMIT_GUESS: '100000' }).length, 5)
})
