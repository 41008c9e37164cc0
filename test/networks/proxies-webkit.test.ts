import t from 'tap'
import { openWebkit } from '../support/webkit.ts'
import { networks } from '../support/networks.ts'
import { proveLogins } from '../support/proxied-logins.ts'

await t.test('WebKit: a login completes behind every proxy', async (t) => {
  await proveLogins(t, openWebkit, networks)
})
