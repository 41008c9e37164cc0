import t from 'tap'
import { readRedisAddress } from '../../../src/stores/redis-address.ts'

const a = { host: 'a', port: 26379 }

await t.test('redis address: its parts are read when the URL is well-formed', async (t) => {
  const readable = {
    'redis://h': { kind: 'server', url: 'redis://h' },
    'rediss://u:p%20w@h:7000/3': { kind: 'server', url: 'rediss://u:p%20w@h:7000/3' },
    'redis+sentinel://a/mymaster': { kind: 'sentinel', nodes: [a], name: 'mymaster', database: 0, credentials: {} },
    'redis+sentinel://u:p%40w@a,B_2:7000,[::1]:26380/my.master-1/2': {
      kind: 'sentinel',
      nodes: [a, { host: 'B_2', port: 7000 }, { host: '::1', port: 26380 }],
      name: 'my.master-1',
      database: 2,
      credentials: { username: 'u', password: 'p@w' },
    },
    'redis+sentinel://:pw@a/m/': { kind: 'sentinel', nodes: [a], name: 'm', database: 0, credentials: { password: 'pw' } },
    'redis+cluster://10.0.0.1,10.0.0.2:7001': { kind: 'cluster', nodes: [{ host: '10.0.0.1', port: 6379 }, { host: '10.0.0.2', port: 7001 }], credentials: {} },
    'redis+cluster://u@h': { kind: 'cluster', nodes: [{ host: 'h', port: 6379 }], credentials: { username: 'u' } },
  }
  for (const [url, address] of Object.entries(readable)) t.strictSame(readRedisAddress(url), address, url)
})

await t.test('redis address: the error is one line without the password when the URL is malformed', async (t) => {
  const refused = [
    'redis+sentinel://', 'redis+sentinel://a', 'redis+sentinel://a/', 'redis+sentinel:///m', 'redis+sentinel://a,,b/m', 'redis+sentinel://a:x/m',
    'redis+sentinel://a:70000/m', 'redis+sentinel://a/m/x', 'redis+sentinel://a/m/1/2', 'redis+sentinel://a/m n', 'redis+sentinel://a b/m',
    'redis+sentinel://u:secret%@a/m', 'redis+sentinel://a/m?x=1', 'redis+cluster://', 'redis+cluster://a,', 'redis+cluster://a/0', 'redis+cluster://u:secret@a@b',
    'redis+cluster://a?b', 'redis+cluster://a#b',
  ]
  for (const url of refused) {
    t.throws(() => readRedisAddress(url), { message: /^STORE_URL is not a list [^\n]+$/ }, url)
    t.throws(() => readRedisAddress(url), { message: /^(?!.*secret)/ }, `${url} is not repeated`)
  }
})
