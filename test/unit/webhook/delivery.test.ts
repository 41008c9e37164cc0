/** What the receiver gets, in which order, and what happens when it fails. A real receiver and a real store; the clock is the test's. */
import { createServer } from 'node:http'
import t from 'tap'
import { readWebhookSecrets } from '../../../src/domain/webhook-secret.ts'
import { createStore } from '../../../src/stores/store.ts'
import { createFakeClock, whileTimePasses } from '../../support/fake-clock.ts'
import { listen } from '../../support/listen.ts'
import { createRecordingLog } from '../../support/recording-log.ts'
import { byPerson, startReceiver, webhookSecret } from '../../support/webhook-receiver.ts'
import { waitUntil } from '../../support/waiting.ts'
import { namesLeft, openHarness, openOn, pass, passUntil, stepOf } from './harness.ts'

await t.test('webhook: a step arrives once, signed, as it was added, and leaves the store', async (t) => {
  const { clock, receiver, webhook, store } = await openHarness(t)
  const at = clock.now()
  webhook.add({ event: 'person.waiting', sub: 'ada', ip: '198.51.100.7' } as never)
  await passUntil(clock, () => receiver.taken.length > 0)
  await pass(clock, 5000)
  t.equal(await namesLeft(store), 0)
  const [message] = receiver.tries
  t.strictSame(receiver.tries.map(({ id, ...rest }) => rest), [
    { type: 'person.waiting', timestamp: new Date(at).toISOString(), data: { event: 'person.waiting', sub: 'ada', ip: '198.51.100.7' } },
  ])
  t.match(message?.id, /^msg_[\w-]+$/)
  t.strictSame(receiver.unverified, [])
  t.strictSame([...receiver.paths], ['POST /hook/?token=x'], 'the URL as it was named')
})

await t.test('webhook: each person\'s steps arrive in order, and others go on, when some fail', async (t) => {
  const { clock, receiver, webhook } = await openHarness(t)
  const people = Array.from({ length: 12 }, (_, index) => `p${index}`)
  let failing = new Set(['p1', 'p5'])
  let tries = 0
  receiver.answerWith(async ({ data }) => {
    await new Promise((resolve) => setTimeout(resolve, 3))
    return failing.has(data.sub ?? '') || ++tries % 5 === 0 ? [500, 429, 301, 404][tries % 4] ?? 500 : 204
  })
  for (let n = 0; n < 6; n++) for (const sub of people) webhook.add(stepOf(sub, n))
  await passUntil(clock, () => receiver.taken.length === 60)
  t.notOk(receiver.taken.some(({ data: { sub = '' } }) => failing.has(sub)))
  failing = new Set()
  await passUntil(clock, () => receiver.taken.length === 72, 5000)
  t.strictSame(byPerson(receiver.taken), Object.fromEntries(people.map((sub) => [sub, [0, 1, 2, 3, 4, 5]])))
  t.ok(receiver.mostOpen > 1 && receiver.mostOpen <= 8, `${receiver.mostOpen} at a time`)
})

await t.test('webhook: a step is tried again with the same id and a new timestamp, less and less often, when the receiver is down', async (t) => {
  const { clock, receiver, webhook, log } = await openHarness(t)
  const answers = ['reset', 500, 'hang', 503] as const
  receiver.answerWith(() => answers[receiver.tries.length % 4] ?? 500)
  for (let n = 0; n < 20; n++) webhook.add(stepOf(`p${n}`, n))
  const from = clock.now()
  while (clock.now() - from < 3600_000) await pass(clock, 4000, 4000)
  const made = receiver.tries.length
  t.ok(made > 15 && made < 60, `${made} tries in an hour for twenty people`)
  t.ok(log.lines.length <= 2, 'a line an hour at the most')
  t.hasStrict(log.lines[0], { level: 'warn', fields: { host: new URL(receiver.url).host } })
  t.notMatch(JSON.stringify(log.lines), /token|hook\//, 'the URL may hold a secret')

  receiver.answerWith(() => 204)
  await passUntil(clock, () => receiver.taken.length === 20, 4000)
  t.ok(clock.now() - from < 3600_000 + 400_000, 'within the longest pause all are there')
  t.equal(log.lines.at(-1)?.message, 'webhook: the receiver takes steps again')
  const ids = new Set(receiver.tries.map(({ id }) => id))
  t.equal(ids.size, 20, 'each kept its id')
  t.ok((receiver.timestamps.at(-1) ?? 0) - (receiver.timestamps[0] ?? 0) >= 3600, 'and is signed for the time of the try')
  t.strictSame(receiver.unverified, [])
})

await t.test('webhook: a step is given up after a day, and told in one line an hour at the most', async (t) => {
  const { clock, receiver, webhook, log, store } = await openHarness(t)
  receiver.answerWith(() => 500)
  for (let n = 0; n < 30; n++) webhook.add(stepOf('ada', n))
  await passUntil(clock, () => receiver.tries.length > 0)
  clock.sleep(23.9 * 3600_000)
  webhook.add(stepOf('ada', 30))
  await pass(clock, 20_000)
  t.equal(log.lines.filter(({ level }) => level === 'error').length, 0, 'not before')
  clock.sleep(0.2 * 3600_000)
  await passUntil(clock, () => log.lines.some(({ message }) => message.includes('given up')))
  await pass(clock, 10_000)
  receiver.answerWith(() => 204)
  await passUntil(clock, () => receiver.taken.length > 0, 5000)
  t.strictSame(receiver.taken.map(({ data }) => data.n), [30], 'what was later is delivered')
  clock.sleep(3600_000)
  await pass(clock, 10_000)
  const lines = log.lines.filter(({ level }) => level === 'error')
  t.ok(lines.length <= 2)
  t.equal(lines.reduce((sum, { fields }) => sum + Number(fields.steps), 0), 30)
  t.equal(await namesLeft(store), 0)
})

await t.test('webhook: nothing is posted any more when the receiver answers 410', async (t) => {
  const { clock, receiver, webhook, log } = await openHarness(t)
  receiver.answerWith(() => 410)
  webhook.add(stepOf('ada', 0))
  await passUntil(clock, () => receiver.tries.length > 0)
  webhook.add(stepOf('ben', 0))
  await pass(clock, 60_000)
  t.equal(receiver.tries.length, 1)
  t.equal(log.lines.filter(({ message }) => message.includes('410')).length, 1)
})

await t.test('webhook: one line says so when calls beside each other are answered 410', async (t) => {
  const { clock, receiver, webhook, log } = await openHarness(t)
  const people = ['ada', 'ben', 'cai', 'dan']
  for (const sub of people) webhook.add(stepOf(sub, 0))
  await passUntil(clock, () => receiver.tries.length === people.length)
  const atOnce = Promise.withResolvers<undefined>()
  receiver.answerWith(() => (response) => {
    if (receiver.tries.length >= people.length + 2) atOnce.resolve(undefined)
    atOnce.promise.then(() => { response.writeHead(410).end() }, t.error)
  })
  for (const sub of people) webhook.add(stepOf(sub, 1))
  await passUntil(clock, () => log.lines.some(({ fields }) => fields['code'] === 'webhook-gone'))
  await pass(clock, 5_000)
  t.equal(log.lines.filter(({ fields }) => fields['code'] === 'webhook-gone').length, 1)
})

await t.test('webhook: the receiver is left alone for as long as its Retry-After says', async (t) => {
  const { clock, receiver, webhook } = await openHarness(t)
  receiver.answerWith(() => (response) => response.writeHead(429, { 'retry-after': '600' }).end())
  webhook.add(stepOf('ada', 0))
  await passUntil(clock, () => receiver.tries.length > 0)
  webhook.add(stepOf('ben', 0))
  await pass(clock, 590_000, 5000)
  t.equal(receiver.tries.length, 1)
  await passUntil(clock, () => receiver.tries.length > 1)
})

await t.test('webhook: a redirect is not followed', async (t) => {
  const { clock, receiver, webhook } = await openHarness(t)
  let followed = 0
  const elsewhere = await listen(t, createServer((_request, response) => {
    followed++
    response.end()
  }))
  receiver.answerWith(() => (response) => response.writeHead(307, { location: elsewhere }).end())
  webhook.add(stepOf('ada', 0))
  await passUntil(clock, () => receiver.tries.length > 2)
  t.equal(followed, 0)
})

await t.test('webhook: a long body is not read, and the status counts', async (t) => {
  const { clock, receiver, webhook, store } = await openHarness(t)
  let sent = 0
  let isCut = false
  receiver.answerWith(() => (response) => {
    response.once('close', () => { isCut = true })
    response.writeHead(200)
    const more = (): void => {
      if (isCut) return
      sent += 65_536
      response.write(Buffer.alloc(65_536), () => { setImmediate(more) })
    }
    more()
  })
  webhook.add(stepOf('ada', 0))
  await passUntil(clock, () => isCut)
  await pass(clock, 10_000)
  t.ok(sent < 20_000_000, `${sent} bytes`)
  t.equal(receiver.tries.length, 1, 'it was delivered')
  t.equal(await namesLeft(store), 0)
})

await t.test('webhook: a receiver that hangs is given up in time, and keeps no other person waiting', async (t) => {
  const { clock, receiver, webhook } = await openHarness(t)
  receiver.answerWith(({ data }) => data.sub === 'ada' ? 'hang' : 204)
  webhook.add(stepOf('ada', 0))
  await passUntil(clock, () => receiver.tries.length > 0)
  for (let n = 0; n < 50; n++) webhook.add(stepOf('ben', n))
  await passUntil(clock, () => receiver.taken.length === 50)
  await passUntil(clock, () => receiver.open === 0)
  await passUntil(clock, () => receiver.tries.filter(({ data }) => data.sub === 'ada').length > 1)
  t.pass()
})

await t.test('webhook: steps wait in bounded number in memory when the receiver is down, and all are delivered later', async (t) => {
  const { clock, receiver, webhook, store } = await openHarness(t)
  receiver.answerWith(() => 500)
  const total = 4500
  for (let n = 0; n < total; n++) webhook.add(stepOf(`p${n % 700}`, Math.floor(n / 700)))
  await pass(clock, 30_000)
  t.equal(await namesLeft(store), total / 20, 'in batches')
  receiver.answerWith(() => 204)
  await passUntil(clock, () => receiver.taken.length === total, 500)
  for (const [sub, numbers] of Object.entries(byPerson(receiver.taken))) {
    if (numbers.some((n, index) => n !== index)) t.fail(`${sub} has ${numbers.join()}`)
  }
  await waitUntil(() => receiver.open === 0)
})

await t.test('webhook: a secret is whsec_ and base64 of 24 to 64 bytes, or the base64 alone', async (t) => {
  for (const size of [24, 32, 64]) {
    const bytes = Buffer.alloc(size, 'k')
    for (const text of [`whsec_${bytes.toString('base64')}`, bytes.toString('base64'), bytes.toString('base64').replace(/=+$/, '')]) t.strictSame(readWebhookSecrets(text), [bytes], text)
  }
  for (const text of ['', 'whsec_', 'whsec_short', `whsec_${Buffer.alloc(23).toString('base64')}`, `whsec_${Buffer.alloc(65).toString('base64')}`, `sk_${Buffer.alloc(32).toString('base64')}`, 'whsec_????????????????????????????????', `${webhookSecret},`, Array.from({ length: 4 }, () => webhookSecret).join()]) {
    t.equal(readWebhookSecrets(text), null, text)
  }
})

await t.test('webhook: a receiver that knows only the old secret or only the new one takes the message when both are named', async (t) => {
  const clock = createFakeClock(Date.now())
  const store = createStore('sqlite::memory:', { clock, log: createRecordingLog() })
  t.teardown(() => store.close())
  const other = `whsec_${Buffer.alloc(32, 'k').toString('base64')}`
  for (const secret of [`${webhookSecret},${other}`, `${other}, ${webhookSecret}`]) {
    const receiver = await startReceiver(t, clock)
    const webhook = openOn(t, store, clock, receiver, createRecordingLog(), secret)
    webhook.add(stepOf('ada', 0))
    await passUntil(clock, () => receiver.tries.length + receiver.unverified.length > 0)
    t.strictSame(receiver.unverified, [])
    t.equal(receiver.taken.length, 1)
    await whileTimePasses(clock, webhook.close())
  }
})
