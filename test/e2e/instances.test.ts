// Two processes on one Redis, as behind a proxy that sends each request where it likes.
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { makeKeyFile } from '../../src/sessions/key-file.ts'
import { openBrowser } from '../support/clients.ts'
import { holdPolls } from '../support/held-polls.ts'
import { makeFolder, openStand, untilReady } from '../support/process.ts'
import { freePort, startRedis } from '../support/redis.ts'
import { remote } from '../support/remote.ts'

await t.test('instances: a held poll is answered when the phone talks to the other one', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const keyFile = `${makeFolder(t)}/keys.json`
  makeKeyFile(keyFile)
  const stand = await openStand(t, { env: { STORE_URL: redis.url, KEYS_FILE: keyFile, MAX_HELD_POLLS: '1' } })
  const port = await freePort()
  const other = remote(`http://127.0.0.1:${port}`)
  t.teardown(() => other.close())
  await stand.start()
  await stand.start({ PORT: String(port) })
  while (await other.call({ path: '/health/live' }).catch(() => undefined) === undefined) await sleep(50)
  for (const instance of [stand, other]) await untilReady(instance)

  const phone = await stand.phone()
  const browser = await openBrowser(other)
  const { answers } = await holdPolls(other, [browser])
  t.equal((await phone.scan(browser.ticket)).status, 200)
  const [scanned] = await Promise.race([answers, sleep(10_000, [], { ref: false })])
  t.hasStrict(scanned, { status: 200, json: { state: 'scanned', version: 2 } })

  const confirmed = browser.poll(2, 25)
  t.equal((await phone.confirm(browser.ticket, scanned?.json.match_code)).status, 200)
  t.hasStrict(await Promise.race([confirmed, sleep(10_000, undefined, { ref: false })]), { json: { state: 'confirmed', version: 3 } })
  const consumed = await browser.consume()
  t.equal(consumed.status, 200)
  const headers = { authorization: `Bearer ${consumed.json.access_token}` }
  for (const instance of [stand, other]) t.hasStrict(await instance.call({ path: '/api/session', headers }), { status: 200, json: { user: { sub: phone.sub } } })
})
