// What an operator decides is posted by the running service, as what owners and phones do.
import t from 'tap'
import { openServices, storeKinds } from '../support/people-command.ts'
import { seededBytes } from '../support/seeded-random.ts'
import { waitUntil } from '../support/waiting.ts'
import { startReceiver, webhookSecret } from '../support/webhook-receiver.ts'

for (const kind of storeKinds) {
  await t.test(`people (${kind}): a running service posts the step when the command has made it`, async (t) => {
    const receiver = await startReceiver(t)
    const { people } = await openServices(t, kind, { WEBHOOK_URL: receiver.url, WEBHOOK_SECRET: webhookSecret })
    const sub = seededBytes(32).toString('base64url')
    t.hasStrict(await people('block', sub), { code: 0, said: '' })
    await waitUntil(() => receiver.taken.length > 0)
    t.hasStrict(receiver.taken, [{ data: { event: 'person.blocked', sub, by: 'operator' } }])
    t.strictSame(receiver.unverified, [])
  })
}
