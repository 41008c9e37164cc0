import t from 'tap'
import { openFirefox } from '../support/firefox.ts'
import { networks, networksOfVisitors } from '../support/networks.ts'
import { testLogins } from '../support/proxied-logins.ts'

await t.test('Firefox: a login completes behind every proxy', async (t) => {
  await testLogins(t, openFirefox, [...networks, ...networksOfVisitors])
})
