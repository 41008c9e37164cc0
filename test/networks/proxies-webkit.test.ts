// The login page in a real WebKit behind real proxies.
import t from 'tap'
import { openWebkit } from '../support/webkit.ts'
import { networks } from '../support/networks.ts'
import { proveLogins } from '../support/proxied-logins.ts'

await t.test('WebKit: a login completes whatever the proxies between do', async (t) => {
  await proveLogins(t, openWebkit, networks)
})
