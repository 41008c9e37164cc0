// The login page while all instances behind a balancer are replaced: it announces nothing, none of its calls fails, and the login continues.
import t from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { openPhone } from '../support/clients.ts'
import { openInstances } from '../support/instances.ts'
import { assertLoggedIn, openVisit, shownTicket } from '../support/login-visit.ts'
import { announcements, recordAnnouncements, waitForStage } from '../support/open-page.ts'

const browser = await launchChromium()
t.teardown(() => browser.close())

/** What the page shows while the instances are replaced. */
const stages = [['nginx', 'the page shows its code'], ['haproxy', 'the page shows its number']] as const

for (const [kind, stage] of stages) {
  await t.test(`deploys: the page announces nothing, no call fails, and the login succeeds, when all instances behind ${kind} are replaced while ${stage}`, async (t) => {
    const instances = await openInstances(t, kind)
    const newPhone = () => openPhone(instances, { jsCode: instances.simulator.jsCode('ming'), authority: new URL(instances.url).host })
    const { context, page, numberOf } = await openVisit(t, browser, { ...instances, newPhone }, { prepare: recordAnnouncements })
    const ticket = await shownTicket(page)
    const phone = await newPhone()
    const scan = async (): Promise<void> => {
      t.equal((await phone.scan(ticket)).status, 200)
      await waitForStage(page, 'scanned')
    }
    if (stage === 'the page shows its number') await scan()

    const failures: string[] = []
    let polls = 0
    context.on('requestfailed', (request) => { failures.push(`${request.method()} ${request.url()}: ${request.failure()?.errorText}`) })
    context.on('response', (response) => {
      if (/\?after=/.test(response.url())) polls++
      if (response.status() >= 400) failures.push(`${response.request().method()} ${response.url()}: ${response.status()}`)
    })
    const before = await announcements(page)
    await instances.restartInTurn()
    t.strictSame(await announcements(page), before, 'nothing is announced')
    t.strictSame(failures, [])
    t.ok(polls > 0, 'its polls were answered')

    if (stage === 'the page shows its code') {
      t.equal(await shownTicket(page), ticket)
      await scan()
    }
    t.equal((await phone.confirm(ticket, await numberOf(ticket))).status, 200)
    await assertLoggedIn(t, page, phone)
  })
}
