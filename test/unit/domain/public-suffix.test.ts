import t from 'tap'
import { hasListedSuffix, isPublicSuffix } from '../../../src/domain/public-suffix.ts'

await t.test('public suffix: a name is one when anybody can register under it, and none when it has an owner', async (t) => {
  for (const host of ['com', 'co.uk', 'com.cn', 'github.io', 'pages.dev', 'xn--55qx5d.cn', 'eu-west-1.compute.amazonaws.com', 'localhost']) t.ok(isPublicSuffix(host), host)
  for (const host of ['example.com', 'example.co.uk', 'me.github.io', 'www.example.com.cn', 'corp.internal', '192.0.2.1', 'a..b', '']) t.notOk(isPublicSuffix(host), host)
})

await t.test('public suffix: a name has a listed one when it is of the internet, and none when it is of a private network', async (t) => {
  for (const host of ['example.com', 'a.b.example.co.uk', 'me.github.io', 'EXAMPLE.com.']) t.ok(hasListedSuffix(host), host)
  for (const host of ['localhost', 'redis', 'gateway.internal', 'nas.local', 'a.svc.cluster.local', '192.0.2.1', '']) t.notOk(hasListedSuffix(host), host)
})
