// Two instances on a Redis set, and a master that is killed in the middle of a login: who waits goes on waiting, and is logged in.
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { openBrowser, type Service } from '../support/clients.ts'
import { holdPolls } from '../support/held-polls.ts'
import type { Answer } from '../support/test-service.ts'
import { openPair } from '../support/pair.ts'
import { startCluster, startSentinelSet } from '../support/redis-sets.ts'

/** CONTRACT "Errors". */
const answerWithinMs = 6_000

/** Calls again while the store is away, as pages and phones do; every answer until then is a clean one, and in time. */
const insist = async (call: () => Promise<Answer>): Promise<Answer> => {
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
  await t.test(`failover: a login that is under way comes to its end when a master is killed (${kind})`, async (t) => {
    const set = await startSet(t)
    const { deployment, other } = await openPair(t, { store: set.url, env: { MAX_HELD_POLLS: '1' } })
    const instances: readonly Service[] = [deployment, other]

    const phone = await deployment.phone()
    const browser = await openBrowser(other)
    const { answers } = await holdPolls(other, [browser])
    const master = await set.masterOf(`scan-login:ticket:${browser.ticket}`)
    await master.stop()
    const scanned = await insist(() => phone.scan(browser.ticket))
    t.hasStrict(scanned, { status: 200, json: { state: 'scanned', version: 2 } })
    const [seen] = await answers
    t.hasStrict(seen, { status: 200, json: { state: 'scanned', version: 2 } }, 'the poll rested all the time')
    t.hasStrict(await insist(() => phone.confirm(browser.ticket, seen?.json.match_code)), { status: 200, json: { state: 'confirmed' } })
    const consumed = await insist(() => browser.consume())
    t.hasStrict(consumed, { status: 200, json: { user: { sub: phone.sub } } })
    for (const instance of instances) {
      const session = await insist(() => instance.call({ path: '/api/session', headers: { authorization: `Bearer ${consumed.json.access_token}` } }))
      t.hasStrict(session, { status: 200, json: { user: { sub: phone.sub } } })
    }
  })
}
