// Every screen of the mini program: accessible, nothing overflows, every button large enough for a finger.
import { writeFileSync } from 'node:fs'
import type { BrowserContextOptions, Frame, Route } from 'playwright-core'
import t, { type Test } from 'tap'
import { drawCode } from '../../src/demo/wechat-simulator/code-image.ts'
import { launchChromium } from '../support/chromium.ts'
import { openWindow, serveDemo, type DemoWindow } from '../support/demo-window.ts'
import { buildMmdb, exampleNetworks } from '../support/mmdb.ts'
import { appOf, faultsOf } from '../support/screen-faults.ts'
import { makeFolder } from '../support/service-process.ts'

const chromium = await launchChromium()
t.teardown(() => chromium.close())

const zh = {
  flight: '飞行模式',
  dark: '深色',
  large: '大字号',
  fast: '时间快一小时',
  notMe: '不是我',
  itsMe: '是我',
  home: '我的登录',
  tryAgain: '再试一次',
  signOut: /^退出 /,
  keep: '取消',
  noBrowsers: '没有已登录的设备',
  confirming: '正在登录…',
  done: / 已登录「/,
  refused: '已拒绝，没有登录',
  wrong: '数字不对，登录已取消',
  expired: '登录码过期了',
  taken: '这个码已被另一部手机扫过',
  invalid: '这不是登录码',
  offline: '网络断开了',
  failed: '网络断开了，连上后再试一次。',
  unavailable: '登录没有成功',
  blocked: '微信限制了这个账号',
  foreignApp: '这个小程序和网站对不上',
  place: /^美国 加利福尼亚州 圣何塞$/,
  thisComputer: '这台电脑',
  country: /^那台设备在美国 .*，你的手机在/,
  sent: '这次不是用相机扫码打开的。',
  typeNumber: '输入登录页上显示的数字',
  logIn: '登录',
  wait: '你的账号 10 分钟内不能确认登录。',
}
const en: typeof zh = {
  flight: 'Flight mode',
  dark: 'Dark',
  large: 'Large text',
  fast: 'Clock an hour fast',
  notMe: 'Not me',
  itsMe: "It's me",
  home: 'My logins',
  tryAgain: 'Try again',
  signOut: /^Log out (?!everywhere)/,
  keep: 'No',
  noBrowsers: 'Not logged in anywhere',
  confirming: 'Logging in…',
  done: / is logged in to /,
  refused: 'Refused. Nobody was logged in',
  wrong: 'Wrong number. Login cancelled',
  expired: 'That code has expired',
  taken: 'Another phone has scanned this code',
  invalid: "That isn't a login code",
  offline: "You're offline",
  failed: "You're offline. Try again once you are connected.",
  unavailable: "Login didn't work",
  blocked: 'WeChat has restricted this account',
  foreignApp: "This mini program and the site don't belong together",
  place: /^San Jose, California, United States$/,
  thisComputer: 'This computer',
  country: /^That device is in .*, United States\. Your phone is in /,
  sent: "You didn't scan this with your camera.",
  typeNumber: 'Type the number on the login page',
  logIn: 'Log in',
  wait: "You can't confirm a login for 10 minutes.",
}

/** Shortens the demo's phone until the mini program's page is so high; twice, since the bars around the page shrink first. */
const setPageHeight = async (window: DemoWindow, app: Frame, heightPx: number): Promise<void> => {
  for (let n = 0; n < 2; n++) {
    const tooMuchPx = await app.evaluate('innerHeight') as number - heightPx
    await window.page.locator('main iframe').first().evaluate((shell: any, px) => { shell.style.height = `${shell.offsetHeight - px}px` }, tooMuchPx) // the tests' types have no DOM
  }
}

interface Variant {
  readonly name: string
  readonly words: typeof zh
  readonly switches: ReadonlyArray<'dark' | 'large'>
  readonly options: BrowserContextOptions
  readonly widthPx: number
}

const walk = async (t: Test, { words, switches, options, widthPx }: Variant): Promise<void> => {
  const file = `${makeFolder(t)}/places.mmdb`
  writeFileSync(file, buildMmdb(exampleNetworks))
  const server = await serveDemo(t, { GEOIP_FILE: file, TRUST_PROXY: '127.0.0.1' })
  const window = await openWindow(t, chromium, server.url, { ...options, colorScheme: null })
  const context = window.page.context()
  const phone = window.phone()
  await window.setPageWidth(widthPx)
  for (const name of switches) await phone.flip(words[name])

  const check = async (screen: string): Promise<void> => {
    const app = appOf(window, server)
    t.strictSame(await faultsOf(app), [], screen)
    t.strictSame(await app.evaluate('[innerWidth, matchMedia("(prefers-color-scheme: dark)").matches]'), [widthPx, switches.includes('dark')])
  }
  /** Left, top, width and height of the numbers, in pixels; all in view. */
  const boxesOf = async (selector: string): Promise<unknown> => {
    const { boxes, height } = await appOf(window, server).evaluate(`({
      height: innerHeight,
      boxes: [...document.querySelectorAll('${selector}')].map((element) => element.getBoundingClientRect()).map(({ left, top, width, height }) => [left, top, width, height].map(Math.round)),
    })`) as { boxes: number[][], height: number }
    t.equal(boxes.length, 3)
    t.ok(boxes.every(([, top = 0, , high = 0]) => top + high <= height), `${selector} is in view`)
    return boxes
  }
  /** Holds the next request to an address while the screen is checked. */
  const whileHeld = async (address: string, act: () => Promise<void>, checkScreen: () => Promise<void>): Promise<void> => {
    const held = Promise.withResolvers<Route>()
    await context.route(address, (route) => { held.resolve(route) }, { times: 1 })
    await act()
    const route = await held.promise
    await checkScreen()
    await route.continue()
  }
  /** Makes requests to an address come from an IP address, by the proxy's header. */
  const comeFrom = async (address: string, ip: string): Promise<void> => {
    await context.route(address, (route) => route.continue({ headers: { ...route.request().headers(), 'x-forwarded-for': ip } }))
  }
  /** Scans a new ticket and waits for the phone's question; returns the number on the website. */
  const scanNew = async (asks: () => Promise<unknown> = phone.choices): Promise<string> => {
    await phone.close()
    await window.startOver()
    await phone.scan()
    await asks()
    return await window.number()
  }
  const keys = (): Promise<void> => phone.says(words.typeNumber)

  const scanTop = (): Promise<unknown> => appOf(window, server).evaluate("Math.round(document.querySelector('.button--strong').getBoundingClientRect().top)")
  let skeletonTop: unknown
  await whileHeld('**/api/phone/login', phone.open, async () => {
    await check('home while it is opened')
    skeletonTop = await scanTop()
  })
  await phone.says(words.noBrowsers)
  t.equal(await scanTop(), skeletonTop, 'the button for scanning stays where it is')
  await check('home, nobody logged in')
  await phone.close()

  // Large text needs more than the window here: the numbers scroll with what is to be read before them.
  const fits = !switches.includes('large')
  let skeleton: unknown
  await whileHeld('**/scan', phone.scan, async () => {
    await check('login while it is opened')
    if (fits) skeleton = await boxesOf('.bone--number')
  })
  await phone.choices()
  if (fits) t.strictSame(await boxesOf('.number'), skeleton, 'the numbers are where their skeletons were')
  await phone.says(words.thisComputer)
  await check('numbers')
  const number = await window.number()
  await whileHeld('**/confirm', () => phone.button(number).click(), async () => {
    await phone.says(words.confirming)
    await check('number that was tapped')
  })
  await phone.says(words.done)
  await check('done')

  await phone.button(words.home).click()
  await phone.button(words.signOut).click()
  await phone.app.getByRole('dialog').waitFor()
  await check('question before a sign-out')
  await phone.button(words.keep).click()
  await phone.app.getByRole('dialog').waitFor({ state: 'detached' })
  await check('home, one browser logged in')
  await phone.flip(words.flight)
  await phone.close()
  await phone.open()
  await phone.says(words.failed)
  t.equal(await phone.app.locator('.bone').count(), 0, 'nothing is drawn as if it still loaded')
  await check('home, offline')
  await phone.flip(words.flight)

  await scanNew()
  await phone.button(words.notMe).click()
  await phone.says(words.refused)
  await check('refused')

  const right = await scanNew()
  await phone.button((await phone.choices()).find((choice) => choice !== right) ?? '').click()
  await phone.says(words.wrong)
  await check('wrong number')

  // From here on this person has to type the number.
  const toType = await scanNew(keys)
  await check('keys')
  await phone.type('1')
  await check('keys with one digit typed')
  await phone.type(toType === '10' ? '1' : '0')
  await check('keys with both digits typed')
  await whileHeld('**/confirm', () => phone.button(words.logIn).click(), async () => {
    await phone.says(words.confirming)
    await check('number that was typed')
  })
  await phone.says(words.wrong)
  const last = await scanNew(keys)
  await phone.type(last === '10' ? '11' : '10')
  await phone.button(words.logIn).click()
  await phone.says(words.wrong)
  await phone.close()
  await window.startOver()
  await phone.scan()
  await phone.says(words.wait)
  t.equal(await phone.button(words.tryAgain).count(), 0, 'nothing that cannot help')
  await check('too many wrong numbers')
  server.skip(600_000)

  await phone.close()
  await comeFrom('**/api/tickets', '198.51.100.7')
  await comeFrom('**/scan', '203.0.113.7')
  await window.startOver()
  await window.code.waitFor()
  await phone.scan()
  await phone.says(words.place)
  await phone.says(words.country)
  await check('request from another country')
  await phone.button(words.itsMe).click()
  await keys()
  await check('keys of a request from another country')
  await context.unroute('**/api/tickets')
  await context.unroute('**/scan')

  const late = await scanNew(keys)
  await phone.type(late)
  server.skip(180_000)
  await phone.button(words.logIn).click()
  await phone.says(words.expired)
  await check('expired')

  await phone.close()
  await window.startOver()
  const photograph = await window.photograph()
  const other = await window.addPhone()
  await other.scan()
  await window.number()
  await phone.scanPicture(photograph)
  await phone.says(words.taken)
  await check('taken')
  await phone.close()
  await phone.scanPicture(drawCode('pages/login/login?scene=none', 480, 'png'))
  await phone.says(words.invalid)
  await check('unknown code')
  const sent = await (await context.request.post(`${server.url}/api/tickets`)).json() as { ticket: string }
  await phone.close()
  await phone.scanPicture(drawCode(`pages/login/login?scene=${sent.ticket}`, 480, 'png'))
  await phone.says(words.sent)
  await check('code from a picture')
  await phone.button(words.itsMe).click()
  await keys()
  await check('keys of a code from a picture')

  await phone.close()
  await window.startOver()
  await phone.flip(words.flight)
  await phone.scan()
  await phone.says(words.offline)
  await check('offline')
  await phone.flip(words.flight)

  await phone.flip(words.fast)
  server.skip(150_000)
  await phone.button(words.tryAgain).click()
  await keys()
  await check('keys on a phone whose clock is off')

  server.skip(24 * 60 * 60_000)
  server.simulator.fail('jscode2session', 'http-500')
  await phone.close()
  await window.startOver()
  await phone.scan()
  await phone.says(words.unavailable)
  await check('unavailable')
  server.simulator.fail('jscode2session', 40226)
  await phone.button(words.tryAgain).click()
  await phone.says(words.blocked)
  await check('blocked')
  server.simulator.fail('jscode2session', 40029)
  await phone.close()
  await phone.scan()
  await phone.says(words.foreignApp)
  await check('another AppID')
}

const variants: readonly Variant[] = [
  { name: 'in Chinese, dark, in large text, 320 px wide', words: zh, switches: ['dark', 'large'], options: { locale: 'zh-CN', viewport: { width: 364, height: 904 } }, widthPx: 320 },
  { name: 'in English, light, in the usual text', words: en, switches: [], options: { locale: 'en-US' }, widthPx: 354 },
]
t.jobs = 2 // side by side, as each waits for its pages most of the time
await Promise.all(variants.map((variant) => t.test(`looks: every screen is accessible and fits when drawn ${variant.name}`, { buffered: true }, (t) => walk(t, variant))))

await t.test('looks: every key is in view without scrolling on a page of 354 × 603, in Chinese and in English', async (t) => {
  for (const [locale, asks] of [['zh-CN', zh.typeNumber], ['en-US', en.typeNumber]] as const) {
    const server = await serveDemo(t, { MATCH_NUMBERS: 'type' })
    const window = await openWindow(t, chromium, server.url, { locale })
    const phone = window.phone()
    await window.setPageWidth(354)
    await phone.scan()
    await phone.says(asks)
    const app = appOf(window, server)
    await setPageHeight(window, app, 603)
    t.strictSame(await app.evaluate('[innerWidth, innerHeight]'), [354, 603])
    const [lastKey, refuse] = await app.evaluate("[[...document.querySelectorAll('.key')].at(-1).getBoundingClientRect().bottom, document.querySelector('.cancel').getBoundingClientRect().top]") as [number, number]
    t.ok(lastKey <= refuse, `${locale}: the keys end at ${lastKey}, above ${refuse}`)
  }
})

/** The height of a page on a phone of 320 × 568, below its status bar and WeChat's navigation bar. */
const smallHeightPx = 504

for (const [mode, asks] of [['tap', 'Tap the number on the login page'], ['type', en.typeNumber]] as const) {
  await t.test(`looks: "Not me" is in view on a small phone, and hides nothing that can't be scrolled to, when the number is asked for by ${mode}`, async (t) => {
    const file = `${makeFolder(t)}/places.mmdb`
    writeFileSync(file, buildMmdb(exampleNetworks))
    const server = await serveDemo(t, { MATCH_NUMBERS: mode, TRUST_PROXY: '127.0.0.1', GEOIP_FILE: file })
    const window = await openWindow(t, chromium, server.url, { viewport: { width: 364, height: 904 } })
    const phone = window.phone()
    await window.setPageWidth(320)
    const check = async (screen: string): Promise<void> => {
      const app = appOf(window, server)
      await setPageHeight(window, app, smallHeightPx)
      t.strictSame(await app.evaluate('[innerWidth, innerHeight]'), [320, smallHeightPx])
      const { refuse, last, lowest, hidden } = await app.evaluate(`(async () => {
        const buttons = [...document.querySelectorAll('button')].filter((element) => element.checkVisibility())
        const refuse = buttons.pop()
        const scroller = [...document.querySelectorAll('*')].find((element) => element.scrollHeight > element.clientHeight + 1 && /auto|scroll/.test(getComputedStyle(element).overflowY))
        const bottomOf = (element) => element.getBoundingClientRect().bottom
        const before = bottomOf(refuse)
        const numbers = document.querySelector('.numbers')
        const hidden = numbers === null ? 0 : bottomOf(document.querySelector('.ask')) - numbers.getBoundingClientRect().top
        if (scroller !== undefined) scroller.scrollTop = scroller.scrollHeight
        const result = { refuse: before, last: refuse.getBoundingClientRect().top - bottomOf(buttons.at(-1)), lowest: Math.min(...[...buttons, refuse].map((button) => button.offsetHeight)), hidden }
        if (scroller !== undefined) scroller.scrollTop = 0
        return result
      })()`) as { refuse: number, last: number, lowest: number, hidden: number }
      t.ok(refuse <= smallHeightPx, `${screen}: it ends at ${refuse}`)
      t.ok(last >= 0, `${screen}: it is ${last} below the others`)
      t.ok(hidden <= 0, `${screen}: the numbers hide ${hidden} of what is to be read before`)
      t.ok(lowest >= 44, `${screen}: ${lowest} is high enough for a finger`)
    }
    await phone.scan()
    await phone.says(asks)
    await check('asked')
    await phone.close()
    for (const [address, ip] of [['**/api/tickets', '198.51.100.7'], ['**/scan', '203.0.113.7']] as const) {
      await window.page.context().route(address, (route) => route.continue({ headers: { ...route.request().headers(), 'x-forwarded-for': ip } }))
    }
    await window.startOver()
    await window.code.waitFor()
    await phone.scan()
    await phone.button("It's me").waitFor()
    await check('asked whether it is this person')
    await phone.button("It's me").click()
    await phone.says(asks)
    await check('asked from elsewhere')
  })
}
