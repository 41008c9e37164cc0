import t from 'tap'
import { openChromium } from '../support/chromium.ts'
import { networks, networksOfVisitors } from '../support/networks.ts'
import { testLogins } from '../support/proxied-logins.ts'

await t.test('Chromium: a login completes behind every proxy', async (t) => {
  await testLogins(t, openChromium, [...networks, ...networksOfVisitors])
})
