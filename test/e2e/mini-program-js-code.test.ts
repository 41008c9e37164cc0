// Faults of jscode2session as a person sees them: each has a message, nothing hangs, and the login goes on once WeChat works again.
import t, { type Test } from 'tap'
import type { Fault } from '../../src/demo/wechat-simulator.ts'
import { launchChromium } from '../support/chromium.ts'
import { openWindow, scanWithoutKey, serveDemo, type DemoWindow } from '../support/demo-window.ts'

const server = await serveDemo(t)
const chromium = await launchChromium()
t.teardown(() => chromium.close())
const open = (t: Test): Promise<DemoWindow> => {
  server.simulator.clearFaults()
  return openWindow(t, chromium, server.url)
}
const jsCodes = /\/demo\/js-code$/
const logins = /\/api\/phone\/login$/

/** A phone scans a window's code while WeChat answers each js_code with this fault. */
const scanFailing = async (t: Test, fault: Fault) => {
  const window = await open(t)
  const phone = window.phone()
  server.simulator.fail('jscode2session', fault)
  server.received(logins)
  await scanWithoutKey(server, window, phone)
  return { window, phone }
}

/** The message for no answer or an unexpected one. */
const unavailable = "WeChat isn't responding right now. Please try again later."

await t.test('js_code: the phone shows a message, and goes on after another try, when WeChat fails, in every way', async (t) => {
  const window = await open(t)
  const phone = window.phone()
  const faults: ReadonlyArray<readonly [Fault, string]> = [
    [45011, unavailable], [45009, unavailable], [-1, unavailable], [40013, unavailable], [40125, unavailable], [40164, unavailable], [41008, unavailable],
    [99999, unavailable], ['html', unavailable], ['cut', unavailable], ['http-500', unavailable], ['hang', unavailable],
  ]
  for (const [fault, sentence] of faults) {
    server.simulator.fail('jscode2session', fault)
    server.received(logins)
    await scanWithoutKey(server, window, phone)
    await phone.says("Login didn't work")
    await phone.says(sentence)
    t.equal(server.received(logins).length, 1, `${fault}: not retried`)
    server.simulator.clearFaults()
    server.skip(60_000) // after a fault that only the operator can fix, WeChat is not called for a minute
    await phone.button('Try again').click()
    t.equal((await phone.choices()).length, 3, `${fault}: and it goes on`)
    await phone.close()
  }
})

await t.test('js_code: the phone gets another, and the login goes on, when WeChat does not know the first', async (t) => {
  const window = await open(t)
  const phone = window.phone()
  server.simulator.fail('jscode2session', 40029, 1)
  server.received(jsCodes)
  await phone.scan()
  await phone.button(await window.number()).click()
  await window.siteSays("You're logged in")
  t.equal(server.received(jsCodes).length, 2)
})

await t.test('js_code: the phone says that mini program and site don\'t belong together, and offers only to leave, when WeChat knows neither the first nor the second', async (t) => {
  const { window, phone } = await scanFailing(t, 40029)
  await phone.says("This mini program and the site don't belong together")
  await phone.says(`this mini program's AppID (${server.simulator.appid})`)
  t.strictSame(await phone.button(/./).allInnerTexts(), ['Done'])
  t.equal(server.received(logins).length, 2)
  await phone.button('Done').click()
  await phone.open()
  await phone.says("This mini program and the site don't belong together")
  await phone.close()
  server.simulator.clearFaults()
  await scanWithoutKey(server, window, phone)
  t.equal((await phone.choices()).length, 3, 'and it works once the AppID is right')
})

await t.test('js_code: the phone asks to try again, and goes on, when WeChat says of each that it was used before', async (t) => {
  const { phone } = await scanFailing(t, 40163)
  await phone.says(unavailable)
  t.equal(server.received(logins).length, 2)
  server.simulator.clearFaults()
  await phone.button('Try again').click()
  t.equal((await phone.choices()).length, 3)
})

await t.test('js_code: the phone says so and offers only to leave when WeChat has restricted the account', async (t) => {
  const window = await open(t)
  const phone = window.phone()
  server.simulator.fail('jscode2session', 40226)
  await phone.scan()
  await phone.says('WeChat has restricted this account')
  t.strictSame(await phone.button(/./).allInnerTexts(), ['Done'])
  await phone.button('Done').click()
  await phone.shell.getByRole('heading', { name: 'WeChat' }).waitFor()
  server.simulator.clearFaults()
  await phone.scan()
  t.equal((await phone.choices()).length, 3, 'it works once the restriction has ended')
})

await t.test('home: it shows a message, and the person once it is opened again, when WeChat fails', async (t) => {
  const window = await open(t)
  const phone = window.phone()
  server.simulator.fail('jscode2session', 'http-500')
  await phone.open()
  await phone.says(unavailable)
  t.equal(await phone.app.getByText("Where you're logged in").count(), 0, 'no empty list')
  await phone.close()
  server.simulator.clearFaults()
  await phone.open()
  await phone.says('WeChat user')
  t.equal(await phone.app.getByText(unavailable).count(), 0)
})
