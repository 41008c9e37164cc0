// Three instances behind a balancer are replaced one after the other while people log in: no caller notices.
import t from 'tap'
import { openInstances } from '../support/instances.ts'
import { startLoad } from '../support/load.ts'

/** How many people log in at the same time, again and again. */
const people = 16

for (const kind of ['nginx', 'haproxy'] as const) {
  await t.test(`deploys: every call is answered with 2xx, and each login makes one session, when all instances behind ${kind} are replaced`, async (t) => {
    const instances = await openInstances(t, kind)
    const load = await startLoad({
      service: instances,
      authority: new URL(instances.url).host,
      jsCodes: Array.from({ length: people }, (_, index) => instances.simulator.jsCode(`person ${index}`)),
    })
    for (const ending of await instances.restartInTurn()) t.hasStrict(ending, { code: 0, signal: null, stderr: '' })
    const { calls, logins, odd, surplus } = await load.stop()
    t.comment(`${logins} logins, ${calls} calls`)
    t.strictSame(odd, [])
    t.equal(surplus, 0)
    t.ok(logins > people * 2, 'there was load all the time')
  })
}
