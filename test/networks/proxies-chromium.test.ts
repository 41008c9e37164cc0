// The login page in a real Chromium behind real proxies.
import t from 'tap'
import { openChromium } from '../support/chromium.ts'
import { networks, networksOfVisitors } from '../support/networks.ts'
import { proveLogins } from '../support/proxied-logins.ts'

await t.test('Chromium: a login completes whatever the proxies between do', async (t) => {
  await proveLogins(t, openChromium, [...networks, ...networksOfVisitors])
})
