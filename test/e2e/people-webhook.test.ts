// What an operator decides is posted by the running service, as what owners and phones do.
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { maxBatches } from '../../src/webhook/step-queue.ts'
import { openServices, peopleScript, storeKinds } from '../support/people-command.ts'
import { seededBytes } from '../support/seeded-random.ts'
import { openDeployment, run } from '../support/service-process.ts'
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

await t.test('people: a command says so when the webhook\'s queue is full, and does its work', async (t) => {
  const deployment = await openDeployment(t)
  const service = await deployment.start()
  service.kill('SIGKILL')
  await service.ended
  const file = join(deployment.folder, 'data/scan-login.db')
  const database = new DatabaseSync(file)
  const listed = database.prepare('INSERT INTO listed VALUES (\'webhook\', ?)')
  database.exec('BEGIN')
  for (let n = 0; n < maxBatches; n++) listed.run(`${Date.now()}-${n}`)
  database.exec('COMMIT')
  database.close()
  const sub = seededBytes(32).toString('base64url')
  const { code, stderr } = await run(t, {
    script: peopleScript,
    args: ['block', sub],
    folder: deployment.folder,
    env: { STORE_URL: `sqlite:${file}`, KEYS_FILE: join(deployment.folder, 'data/keys.json'), WEBHOOK_URL: 'http://127.0.0.1:9/', WEBHOOK_SECRET: webhookSecret },
  }).ended
  t.equal(code, 0)
  t.match(stderr, /^\{[^\n]*"event":"person\.blocked"[^\n]*\nscan-login: webhook: the queue is full[^\n]* \{"code":"webhook-queue-full","steps":1\}\n$/)
})
