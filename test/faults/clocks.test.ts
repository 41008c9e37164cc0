// Instances whose clocks are minutes apart, on one Redis: tickets and sessions end at the right time, whichever instance reads them.
import { decodeJwt } from 'jose'
import { pathToFileURL } from 'node:url'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openBrowser, type Service } from '../support/clients.ts'
import { openPair } from '../support/pair.ts'
import type { Deployment } from '../support/service-process.ts'
import { startRedis } from '../support/redis.ts'

const offMs = 90_000

/** Starts one instance whose clock is slow and one whose clock is fast; the deployment's own calls go to the slow one. */
const openInstances = async (t: Test, env: Readonly<Record<string, string>> = {}): Promise<{ slow: Deployment, fast: Service }> => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const preload = `--import=${pathToFileURL(join(import.meta.dirname, '../support/wrong-clock.ts')).href}`
  const { deployment, other } = await openPair(t, {
    store: redis.url,
    env: { NODE_OPTIONS: preload, ...env },
    envOfDeployment: { WRONG_CLOCK_MS: String(-offMs) },
    envOfOther: { WRONG_CLOCK_MS: String(offMs) },
  })
  return { slow: deployment, fast: other }
}

await t.test('clocks: a login works, and every time in an answer is right, when the clocks of instances are three minutes apart', async (t) => {
  const { slow, fast } = await openInstances(t)
  const phones = { slow: await slow.phone('ming') }
  for (const [creator, reader] of [[slow, fast], [fast, slow]] as const) {
    const browser = await openBrowser(creator)
    const authorization = `Ticket ${browser.secret}`
    const path = `/api/tickets/${browser.ticket}`
    const seen = await reader.call({ path, headers: { authorization } })
    t.hasStrict(seen, { status: 200, json: { state: 'pending', version: 1 } })
    t.ok(seen.json.expires_in >= 170 && seen.json.expires_in <= 181, `${seen.json.expires_in} s are left`)

    t.equal((await phones.slow.scan(browser.ticket)).status, 200)
    const scanned = await reader.call({ path: `${path}?after=1&wait=5`, headers: { authorization } })
    t.hasStrict(scanned, { json: { state: 'scanned', version: 2 } })
    t.equal((await phones.slow.confirm(browser.ticket, scanned.json.match_code)).status, 200)

    const consumed = await creator.call({ method: 'POST', path: `${path}/consume`, headers: { authorization } })
    const again = await reader.call({ method: 'POST', path: `${path}/consume`, headers: { authorization } })
    t.equal(consumed.status, 200)
    t.equal(again.status, 200, 'a repeated consume gets the same answer at the other instance')
    const [first, second] = [consumed, again].map(({ json }) => decodeJwt(json.access_token as string))
    t.equal(second?.sid, first?.sid)
    for (const claims of [first, second]) t.ok(Math.abs(Number(claims?.iat) - Date.now() / 1000) < 10, 'the token was issued now')
    for (const instance of [slow, fast]) {
      t.equal((await instance.call({ path: '/api/session', headers: { authorization: `Bearer ${again.json.access_token}` } })).status, 200)
    }
  }
})

await t.test('clocks: a ticket expires when its time is up, neither before nor after, when the clocks of instances are three minutes apart', async (t) => {
  const { slow, fast } = await openInstances(t, { TICKET_TTL: '4' })
  const browsers = [await openBrowser(slow), await openBrowser(fast)]
  const views = async () => await Promise.all(browsers.flatMap((browser) => [slow, fast].map((instance) =>
    instance.call({ path: `/api/tickets/${browser.ticket}?after=1&wait=20`, headers: { authorization: `Ticket ${browser.secret}` } }))))
  const begun = performance.now()
  const ended = await views()
  for (const { json } of ended) t.hasStrict(json, { state: 'expired', version: 2 })
  t.ok(performance.now() - begun > 2_500, 'they did not expire at once')
})
