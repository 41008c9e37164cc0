// Two instances on a Redis set whose master is killed in the middle of a login: held polls stay held, and the login succeeds.
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { openBrowser, type Service } from '../support/clients.ts'
import { holdPolls } from '../support/held-polls.ts'
import type { Answer } from '../support/test-service.ts'
import { openPair } from '../support/pair.ts'
import { startCluster, startSentinelSet, waitUntilReplicated } from '../support/redis-sets.ts'

/** Every call is answered within 6 s, whatever fails behind the service. */
const answerWithinMs = 6_000

/** Repeats a call while the store is away, as pages and phones do; each answer until then is `store-unavailable`, and in time. */
const retryOutage = async (call: () => Promise<Answer>): Promise<Answer> => {
  for (;;) {
    const begun = performance.now()
    const answer = await call()
    if (performance.now() - begun > answerWithinMs) throw new Error(`answered after ${performance.now() - begun} ms`)
    if (answer.status !== 503) return answer
    t.hasStrict(answer, { headers: { 'retry-after': '2' }, json: { code: 'store-unavailable' } })
    await sleep(200)
  }
}

for (const [kind, startSet] of Object.entries({ sentinel: startSentinelSet, cluster: startCluster })) {
  await t.test(`failover: a login continues to its end when a master is killed in the middle of it (${kind})`, async (t) => {
    const set = await startSet(t)
    const { deployment, other } = await openPair(t, { store: set.url, env: { MAX_HELD_POLLS: '1' } })
    const instances: readonly Service[] = [deployment, other]

    const phone = await deployment.phone()
    const browser = await openBrowser(other)
    const { answers } = await holdPolls(other, [browser])
    const master = await set.masterOf(`scan-login:ticket:${browser.ticket}`)
    await waitUntilReplicated(set, master)
    await master.stop()
    const scanned = await retryOutage(() => phone.scan(browser.ticket))
    t.hasStrict(scanned, { status: 200, json: { state: 'scanned', version: 2 } })
    const [seen] = await answers
    t.hasStrict(seen, { status: 200, json: { state: 'scanned', version: 2 } }, 'the poll was held all the time')
    t.hasStrict(await retryOutage(() => phone.confirm(browser.ticket, seen?.json.match_code)), { status: 200, json: { state: 'confirmed' } })
    const consumed = await retryOutage(() => browser.consume())
    t.hasStrict(consumed, { status: 200, json: { user: { sub: phone.sub } } })
    for (const instance of instances) {
      const session = await retryOutage(() => instance.call({ path: '/api/session', headers: { authorization: `Bearer ${consumed.json.access_token}` } }))
      t.hasStrict(session, { status: 200, json: { user: { sub: phone.sub } } })
    }
  })
}
