/** What is decided once about a device's login, on each store and with two instances: whether a poll is in time, and who has answered. */
import t, { type Test } from 'tap'
import { startWechatSimulator } from '../../src/demo/wechat-simulator.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { claimsIn, clientsOf } from '../support/oidc.ts'
import { askForCode, en, openBrowser, poll, tv } from '../support/oidc-devices.ts'
import { words } from '../support/oidc-forms.ts'
import { withProviderKeys } from '../support/provider-keys.ts'
import { openTestService, type TestService } from '../support/test-service.ts'
import { onEveryStore, type Harness } from './store-harness.ts'

const openTwo = async (t: Test, { stores }: Harness): Promise<readonly [TestService, TestService]> => {
  const clock = createFakeClock(Date.now())
  const simulator = await startWechatSimulator({ clock })
  t.teardown(() => simulator.close())
  const shared = { clock, simulator, keys: withProviderKeys(), clients: clientsOf(tv) }
  return [await openTestService(t, { ...shared, store: stores[0] }), await openTestService(t, { ...shared, store: stores[1] ?? stores[0] })]
}

await onEveryStore(t, 'devices: of eight polls at once, at two instances, one is in time', async (t, harness) => {
  const services = await openTwo(t, harness)
  const { device_code: deviceCode } = await askForCode(services[0])
  const answers = await Promise.all(Array.from({ length: 8 }, (_, index) => poll(services[index % 2] as TestService, deviceCode)))
  t.strictSame(answers.map(({ json }) => json.error).sort(), ['authorization_pending', ...Array<string>(7).fill('slow_down')])
})

await onEveryStore(t, 'devices: of two people who let one device in at once, at two instances, one does', async (t, harness) => {
  const services = await openTwo(t, harness)
  const code = await askForCode(services[0])
  const browsers = [await openBrowser(services[0]), await openBrowser(services[1])]
  const pages = await Promise.all(browsers.map(({ typeCode }) => typeCode(code.user_code)))
  const ends = await Promise.all(browsers.map(({ decide }, index) => decide(pages[index] as typeof pages[0] & {}, 'confirm'))) // as many pages as browsers
  const isDone = ends.map((end) => words(end).includes(en.deviceDone.line))
  t.equal(isDone.filter(Boolean).length, 1)
  t.equal(ends.filter((end) => words(end).includes(en.codeFaults.used)).length, 1)
  const answers = await Promise.all(Array.from({ length: 4 }, (_, index) => poll(services[index % 2] as TestService, code.device_code)))
  t.strictSame(answers.map(({ status }) => status).sort(), [200, 400, 400, 400], 'the tokens are issued once')
  const won = answers.find(({ status }) => status === 200)
  t.equal(claimsIn(won?.json.id_token).sub, browsers[isDone.indexOf(true)]?.phone?.sub)
})
