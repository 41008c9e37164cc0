import t from 'tap'
import { openWebkit } from '../support/webkit.ts'
import { networks } from '../support/networks.ts'
import { testLogins } from '../support/proxied-logins.ts'

await t.test('WebKit: a login completes behind every proxy', async (t) => {
  await testLogins(t, openWebkit, networks)
})
