import t from 'tap'
import { localAuthority, localUrl } from '../../../src/commands/local-url.ts'

await t.test('local url: it is an address that can be called, wherever the service listens', (t) => {
  for (const [host, authority] of [
    ['::', '127.0.0.1:3000'], ['0.0.0.0', '127.0.0.1:3000'], ['::ffff:0.0.0.0', '127.0.0.1:3000'], ['localhost', '127.0.0.1:3000'],
    ['10.0.0.7', '10.0.0.7:3000'], ['::1', '[::1]:3000'], ['inside', 'inside:3000'],
  ] as const) t.equal(localAuthority(host, 3000), authority, host)
  t.equal(localUrl({ HOST: '::1', PORT: 3000, basePath: '/login' }), 'http://[::1]:3000/login')
  t.throws(() => localUrl({ HOST: '::', PORT: 0, basePath: '' }), { message: /^PORT is 0, so / })
  t.end()
})
