// The mini program in WeChats that lack interfaces or tell no version, as old ones, developers' tools and computers have: it says so, or works, and is never white.
import t, { type Test } from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { openWindow, serveDemo, type DemoWindow } from '../support/demo-window.ts'

const server = await serveDemo(t)
const chromium = await launchChromium()
t.teardown(() => chromium.close())

/** Opens the demo with phones whose `wx` has been changed by a script before any code of the mini program runs. */
const openWith = async (t: Test, change: string): Promise<DemoWindow> => {
  const window = await openWindow(t, chromium, server.url)
  await window.page.context().addInitScript(`Object.defineProperty(window, 'wx', { configurable: true, set (wx) {
    ${change}
    Object.defineProperty(window, 'wx', { value: wx })
  } })`)
  return window
}

for (const [what, change] of [
  ['has no getRandomValues', 'delete wx.getRandomValues'],
  ['has a base library from before 2.32.3', "wx.getAppBaseInfo = () => ({ language: 'en', SDKVersion: '2.30.4' })"],
  ['is from before getAppBaseInfo', "delete wx.getAppBaseInfo; delete wx.getEnterOptionsSync; delete wx.getUpdateManager; wx.getSystemInfoSync = () => ({ language: 'en', SDKVersion: '2.8.3' })"],
] as const) {
  await t.test(`odd WeChat: the login page and the home page say that it is too old when it ${what}`, async (t) => {
    const window = await openWith(t, change)
    const phone = window.phone()
    await phone.scan()
    await phone.says('This WeChat is too old')
    await phone.says('Update WeChat, then scan again.')
    await phone.button('Update').waitFor()
    const other = await window.openPhone('Bo')
    await other.open()
    await other.says('This WeChat is too old. Please update it.')
  })
}

for (const version of ['undefined', "'dev'"]) {
  await t.test(`odd WeChat: a login works when its version is ${version}`, async (t) => {
    const window = await openWith(t, `wx.getAppBaseInfo = () => ({ language: 'en', SDKVersion: ${version} })`)
    const phone = window.phone()
    await phone.scan()
    await phone.button(await window.number()).click()
    await phone.says(/ is logged in to /)
  })
}
