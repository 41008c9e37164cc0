// The demo's runtime in a real browser: `wx`, the background, warm launches, the clock.
import t from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { openFramedPhone, serveMiniProgram } from '../support/mini-program-frame.ts'
import type { FramedPhone, PhoneOptions } from '../support/mini-program-frame.ts'

const page = `
  const log = (...entry) => getApp().log.push(entry)
  Page({
    onLoad (query) { log('onLoad', query) },
    onShow () { log('onShow') },
    onHide () { log('onHide') },
    onUnload () { log('onUnload') },
  })
`
const files = {
  'app.json': JSON.stringify({ pages: ['pages/one/one', 'pages/two/two'], networkTimeout: { request: 20_000 } }),
  'config.ts': "export const serviceUrl = 'https://login.example.com'",
  'app.ts': `import { serviceUrl } from './config'
  App({
    serviceUrl,
    log: [],
    onShow ({ path, query, scene }) { this.log.push(['App.onShow', { path, query, scene }]) },
    onHide () { this.log.push(['App.onHide']) },
  })`,
  'pages/one/one.json': '{}',
  'pages/one/one.wxml': '<button>One</button>',
  'pages/one/one.ts': page,
  'pages/two/two.json': '{}',
  'pages/two/two.wxml': '<button>Two</button>',
  'pages/two/two.ts': page,
}

const { app, listen } = await serveMiniProgram(t, files)
app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => done(null, body))
app.all('/echo', async ({ method, url, body, headers }, reply) => {
  reply.header('x-seen', 'yes')
  return { method, url, body: body ?? null, type: headers['content-type'] ?? null, mine: headers['x-mine'] ?? null, cookie: headers.cookie ?? null }
})
app.get('/text', async (_request, reply) => reply.code(503).type('text/plain').send('not now'))
app.get('/cut', async (request) => { request.raw.socket.destroy() })
app.get('/never', () => new Promise(() => {}))
const address = await listen()
const browser = await launchChromium()
t.teardown(() => browser.close())

const open = (t: Parameters<typeof openFramedPhone>[0], options?: PhoneOptions) => openFramedPhone(t, browser, address, options)
/** Calls a method of `wx` without callbacks; resolves with its result or error. */
const wx = (phone: FramedPhone, call: string): Promise<unknown> => phone.frame.evaluate(`Promise.resolve(wx.${call}).catch((refusal) => refusal)`)
/** Starts a request and records its callbacks in `ends`. */
const startRequest = (phone: FramedPhone, options: string): Promise<unknown> => phone.frame.evaluate(`{
  window.ends ??= []
  window.task = wx.request({ ${options}, success: (r) => ends.push(['success', r]), fail: (r) => ends.push(['fail', r]), complete: (r) => { ends.push(['complete', r.errMsg]); window.onEnd?.() } })
  undefined
}`)
const ends = (phone: FramedPhone): Promise<any[]> => phone.frame.evaluate('(window.ends ?? []).splice(0)')
const nextEnds = (phone: FramedPhone): Promise<any[]> => phone.frame.evaluate('new Promise((resolve) => { if (window.ends?.length >= 2) resolve(); else window.onEnd = resolve }).then(() => ends.splice(0))')
const outcome = async (phone: FramedPhone, options: string): Promise<any[]> => {
  await startRequest(phone, options)
  return await nextEnds(phone)
}
const logged = (phone: FramedPhone): Promise<unknown[][]> => phone.frame.evaluate('getApp().log.splice(0)')
const failure = (why: string): unknown[] => [['fail', { errMsg: `request:fail${why}` }], ['complete', `request:fail${why}`]]

await t.test('wx: callbacks are called when there are some, and a promise is returned when there is none', async (t) => {
  const phone = await open(t)
  t.strictSame(await wx(phone, 'login()'), { code: 'js-code', errMsg: 'login:ok' })
  t.strictSame(await phone.frame.evaluate("new Promise((resolve) => { const got = []; const given = wx.login({ success: (r) => got.push(r), fail: () => got.push('fail'), complete: (r) => resolve([given === undefined, ...got, r]) }) })"),
    [true, { code: 'js-code', errMsg: 'login:ok' }, { code: 'js-code', errMsg: 'login:ok' }])
  t.strictSame(await phone.frame.evaluate("new Promise((resolve) => { const got = []; wx.navigateBack({ success: () => got.push('success'), fail: (r) => got.push(r.errMsg), complete: () => resolve(got) }) })"),
    ['navigateBack:fail cannot navigate back at first page.'])
})

await t.test('wx: an error is shown and logged when a callback throws', async (t) => {
  const phone = await open(t)
  await phone.frame.evaluate("{ wx.login({ success () { throw new Error('a callback fails') } }); undefined }")
  await phone.frame.getByText('Error: a callback fails').waitFor()
  t.match(phone.errors.join('\n'), 'a callback fails')
})

await t.test('wx: only the members that the mini program uses exist when it starts', async (t) => {
  const phone = await open(t)
  t.strictSame(await phone.frame.evaluate('Object.keys(wx).sort()'), [
    'exitMiniProgram', 'getAccountInfoSync', 'getAppBaseInfo', 'getEnterOptionsSync', 'getNetworkType', 'getRandomValues', 'getStorageSync', 'getUpdateManager', 'login', 'navigateBack', 'navigateTo',
    'reLaunch', 'redirectTo', 'removeStorageSync', 'request', 'scanCode', 'setNavigationBarTitle', 'setStorageSync', 'showModal', 'showToast', 'stopPullDownRefresh', 'updateWeChatApp',
  ])
})

await t.test('wx.login: it fails when the phone is offline or WeChat gives no js_code', async (t) => {
  const phone = await open(t, { settings: { online: false } })
  t.strictSame(await wx(phone, 'login()'), { errMsg: 'login:fail net::ERR_INTERNET_DISCONNECTED' })
  await phone.set({ online: true })
  await phone.page.evaluate('phone.jsCode = undefined')
  t.strictSame(await wx(phone, 'login()'), { errMsg: 'login:fail system error' })
})

await t.test("wx.getAppBaseInfo: the phone's settings are returned, the theme only when the mini program has dark mode", async (t) => {
  const phone = await open(t, { settings: { fontSizePx: 20, language: 'zh_CN', theme: 'dark' } })
  t.strictSame(await wx(phone, 'getAppBaseInfo()'), { SDKVersion: '3.17.2', language: 'zh_CN', fontSizeSetting: 20 })
  const other = await openFramedPhone(t, browser, await (await serveMiniProgram(t, { ...files, 'app.json': JSON.stringify({ pages: ['pages/one/one'], darkmode: true }) })).listen(), { settings: { theme: 'dark' } })
  t.equal(await other.frame.evaluate('wx.getAppBaseInfo().theme'), 'dark')
})

await t.test('storage: values keep their types, separate for each person, when the mini program starts again', async (t) => {
  const values = ['text', '1', 1, 0, true, null, { a: [1] }, [], '']
  const context = await browser.newContext()
  t.teardown(() => context.close())
  const phone = await openFramedPhone(t, context as any, address) // only newPage is called
  for (const value of values) t.strictSame(await phone.frame.evaluate(`(wx.setStorageSync('k', ${JSON.stringify(value)}), wx.getStorageSync('k'))`), value)
  await phone.frame.evaluate("(wx.setStorageSync('k', 'Mei\\'s'), wx.setStorageSync('gone', 1), wx.removeStorageSync('gone'))")
  const again = await openFramedPhone(t, context as any, address)
  t.strictSame(await again.frame.evaluate("[wx.getStorageSync('k'), wx.getStorageSync('gone'), wx.getStorageSync('never')]"), ["Mei's", '', ''])
  const other = await openFramedPhone(t, context as any, address, { person: 'Li' })
  t.equal(await other.frame.evaluate("wx.getStorageSync('k')"), '')
})

await t.test('wx.getRandomValues: different bytes of the given length are returned when it is called twice', async (t) => {
  const phone = await open(t)
  const bytes = 'wx.getRandomValues({ length: 16 }).then((r) => [r.errMsg, r.randomValues instanceof ArrayBuffer, [...new Uint8Array(r.randomValues)].join()])'
  const [first, second] = [await phone.frame.evaluate(bytes), await phone.frame.evaluate(bytes)] as [[string, boolean, string], [string, boolean, string]]
  t.strictSame(first.slice(0, 2), ['getRandomValues:ok', true])
  t.equal(first[2].split(',').length, 16)
  t.not(first[2], second[2])
})

await t.test('wx.scanCode: it returns a path when the code is this mini program\'s, only the text when it is not, and fails when the person goes back', async (t) => {
  const phone = await open(t)
  const scan = async (text: string | undefined): Promise<unknown> => {
    await phone.page.evaluate(`phone.scan = ${JSON.stringify(text) ?? 'undefined'}`)
    return await wx(phone, 'scanCode()')
  }
  const told = { scanType: 'WX_CODE', charSet: 'utf-8', errMsg: 'scanCode:ok' }
  t.strictSame(await scan('pages/two/two?scene=a%3D'), { result: 'pages/two/two?scene=a%3D', path: 'pages/two/two?scene=a%3D', rawData: btoa('pages/two/two?scene=a%3D'), ...told })
  for (const text of ['https://evil.example/pages/two/two', 'pages/none/none', '码', '']) {
    t.strictSame(await scan(text), { result: text, rawData: Buffer.from(text).toString('base64'), ...told })
  }
  t.strictSame(await scan(undefined), { errMsg: 'scanCode:fail cancel' })
})

await t.test('update: none is available, and the mini program restarts when one is applied', async (t) => {
  const phone = await open(t)
  t.strictSame(await phone.frame.evaluate('new Promise((resolve) => wx.getUpdateManager().onCheckForUpdate(resolve))'), { hasUpdate: false })
  await phone.frame.evaluate('wx.getUpdateManager().applyUpdate()')
  t.equal(await phone.page.evaluate('phone.restarts'), 1)
})

await t.test('modal: it takes the focus, returns the choice and gives the focus back when the person chooses', async (t) => {
  const phone = await open(t)
  const one = phone.frame.getByRole('button', { name: 'One' })
  const show = async (options: string): Promise<void> => { await phone.frame.evaluate(`{ window.chosen = wx.showModal({ ${options} }); undefined }`) }
  const chosen = (): Promise<unknown> => phone.frame.evaluate('chosen')
  await one.focus()
  await show("title: 'Sure?', content: 'It ends.', confirmText: 'Yes', confirmColor: '#ff0000'")
  const dialog = phone.frame.getByRole('dialog', { name: 'Sure?' })
  t.equal(await dialog.getByText('It ends.').isVisible(), true)
  const yes = dialog.getByRole('button', { name: 'Yes' })
  t.equal(await yes.evaluate((element: any) => element === element.ownerDocument.activeElement), true)
  t.equal(await yes.evaluate((element: any) => (globalThis as any).getComputedStyle(element).color), 'rgb(255, 0, 0)')
  await phone.page.keyboard.press('Enter')
  t.strictSame(await chosen(), { confirm: true, cancel: false, content: null, errMsg: 'showModal:ok' })
  t.equal(await one.evaluate((element: any) => element === element.ownerDocument.activeElement), true)

  await show("content: 'Only text'")
  await phone.frame.getByRole('dialog', { name: 'Only text' }).getByRole('button', { name: 'Cancel' }).click()
  t.strictSame(await chosen(), { confirm: false, cancel: true, content: null, errMsg: 'showModal:ok' })
  await show("title: 'T'")
  await phone.page.keyboard.press('Escape')
  t.hasStrict(await chosen(), { cancel: true })
  await show("title: 'T', confirmText: 'Sign out', fail: (why) => { window.refused = why.errMsg }")
  t.equal(await phone.frame.evaluate('refused'), 'showModal:fail confirmText is longer than 4 characters')
  await show("title: 'T', showCancel: false")
  t.strictSame(await phone.frame.getByRole('dialog').getByRole('button').allInnerTexts(), ['OK'])
  await phone.frame.getByRole('button', { name: 'OK' }).tap()
  t.hasStrict(await chosen(), { confirm: true })
  await phone.set({ language: 'zh_CN' })
  await show("title: 'T'")
  t.strictSame(await phone.frame.getByRole('dialog').getByRole('button').allInnerTexts(), ['取消', '确定'])
})

await t.test('toast: it is announced, and removed when its duration is over', async (t) => {
  const phone = await open(t, { clock: true })
  t.strictSame(await wx(phone, "showToast({ title: 'Saved', icon: 'none', duration: 3000 })"), { errMsg: 'showToast:ok' })
  const toast = phone.frame.getByRole('status')
  t.equal(await toast.innerText(), 'Saved')
  await wx(phone, "showToast({ title: 'Other' })")
  t.equal(await toast.innerText(), 'Other', 'one at a time')
  await phone.page.clock.runFor(1600)
  t.equal(await toast.innerText(), '')
})

await t.test('wx.request: it succeeds with any status, and parses the answer when that is JSON', async (t) => {
  const phone = await open(t)
  const [[kind, answer], complete] = await outcome(phone, `url: '${address}/echo?a=1', method: 'POST', data: '{"b":"é"}', header: { 'X-Mine': 'm' }`)
  t.strictSame([kind, complete], ['success', ['complete', 'request:ok']])
  t.hasStrict(answer, { statusCode: 200, errMsg: 'request:ok', header: { 'x-seen': 'yes' } })
  t.strictSame(answer.data, { method: 'POST', url: '/echo?a=1', body: '{"b":"é"}', type: 'application/json', mine: 'm', cookie: null })
  t.hasStrict(await outcome(phone, `url: '${address}/text'`), [['success', { statusCode: 503, data: 'not now' }]])
  t.hasStrict(await outcome(phone, `url: '${address}/echo', dataType: 'text'`), [['success', { data: '{"method":"GET","url":"/echo","body":null,"type":"application/json","mine":null,"cookie":null}' }]])
  t.hasStrict(await outcome(phone, `url: '${address}/none'`), [['success', { statusCode: 404 }]])
})

await t.test('wx.request: a text is sent as it is, an object as JSON, and the text null, as on some phones, when there is no data, but with GET nothing', async (t) => {
  const phone = await open(t)
  const seen = async (options: string): Promise<any> => (await outcome(phone, `url: '${address}/echo', ${options}`))[0][1].data
  t.hasStrict(await seen("method: 'PUT', data: { a: 1 }"), { method: 'PUT', body: '{"a":1}' })
  t.hasStrict(await seen("method: 'POST', data: 'a b', header: { 'content-type': 'text/plain' }"), { body: 'a b', type: 'text/plain' })
  t.hasStrict(await seen("method: 'DELETE'"), { method: 'DELETE', body: 'null', type: 'application/json' })
  t.hasStrict(await seen("method: 'DELETE', data: '{}'"), { method: 'DELETE', body: '{}' })
  t.hasStrict(await seen("method: 'GET'"), { method: 'GET', body: null, type: 'application/json' })
})

await t.test('wx.request: it fails once when no answer comes, the URL is invalid, or the caller aborts', async (t) => {
  const phone = await open(t)
  t.strictSame(await outcome(phone, `url: '${address}/cut'`), failure(''))
  t.strictSame(await outcome(phone, "url: '/echo'"), failure(''))
  await startRequest(phone, `url: '${address}/never'`)
  await phone.frame.evaluate('(task.abort(), task.abort())')
  t.strictSame(await nextEnds(phone), failure(' abort'))
})

await t.test('wx.request: it fails when its own timeout, or app.json\'s, is over', async (t) => {
  const phone = await open(t, { clock: true })
  await startRequest(phone, `url: '${address}/never', timeout: 3000`)
  await phone.page.clock.runFor(2900)
  t.strictSame(await ends(phone), [])
  await phone.page.clock.runFor(200)
  t.strictSame(await ends(phone), failure(' timeout'))
  await startRequest(phone, `url: '${address}/never'`)
  await phone.page.clock.runFor(19_000)
  t.strictSame(await ends(phone), [])
  await phone.page.clock.runFor(2000)
  t.strictSame(await ends(phone), failure(' timeout'))
})

await t.test('wx.request: it fails at once when the phone is or goes offline', async (t) => {
  const phone = await open(t)
  await startRequest(phone, `url: '${address}/never'`)
  await phone.set({ online: false })
  t.strictSame(await nextEnds(phone), failure(' net::ERR_INTERNET_DISCONNECTED'))
  t.strictSame(await outcome(phone, `url: '${address}/echo'`), failure(' net::ERR_INTERNET_DISCONNECTED'))
  await phone.set({ online: true })
  t.hasStrict(await outcome(phone, `url: '${address}/echo'`), [['success', { statusCode: 200 }]])
})

await t.test('background: requests and timers go on when the mini program is back within 5 s', async (t) => {
  const phone = await open(t, { clock: true })
  await logged(phone)
  await startRequest(phone, `url: '${address}/never'`)
  await phone.frame.evaluate("{ setTimeout(() => getApp().log.push(['timer']), 3000); undefined }")
  await phone.hide()
  t.strictSame(await logged(phone), [['onHide'], ['App.onHide']])
  await phone.hide()
  t.strictSame(await logged(phone), [], 'hiding twice does nothing')
  await phone.page.clock.runFor(4900)
  t.strictSame(await logged(phone), [['timer']])
  await phone.show()
  await phone.show()
  t.strictSame(await logged(phone), [['App.onShow', { path: 'pages/one/one', query: {}, scene: 1047 }], ['onShow']])
  await phone.page.clock.runFor(4900)
  t.strictSame(await ends(phone), [])
})

await t.test('background: requests are interrupted, and their callbacks and timers held until the return, when it lasts more than 5 s', async (t) => {
  const phone = await open(t, { clock: true })
  await startRequest(phone, `url: '${address}/never'`)
  await phone.frame.evaluate(`{
    const log = (what, ...more) => getApp().log.push([what, ...more])
    setTimeout(log, 6500, 'timer', 1)
    setTimeout(() => wx.login({ success: () => log('login') }), 4999)
    const dropped = setTimeout(log, 6501, 'dropped')
    setTimeout(() => clearTimeout(dropped), 6500)
    const early = setTimeout(log, 7000, 'cleared before')
    clearTimeout(early)
    let ticks = 0
    window.ticking = setInterval(() => log('tick', ++ticks), 2000)
    undefined
  }`)
  await phone.hide()
  await logged(phone)
  await phone.page.clock.runFor(5100)
  t.strictSame(await logged(phone), [['tick', 1], ['tick', 2], ['login']])
  await phone.page.clock.runFor(20_000)
  t.strictSame(await logged(phone), [])
  t.strictSame(await ends(phone), [])
  await phone.show()
  t.strictSame(await ends(phone), failure(' interrupted'))
  t.strictSame(await logged(phone), [['tick', 3], ['timer', 1], ['App.onShow', { path: 'pages/one/one', query: {}, scene: 1047 }], ['onShow']], 'an interval fires once for all missed ticks')
  await phone.page.clock.runFor(2000)
  t.strictSame(await logged(phone), [['tick', 4]])
  t.hasStrict(await outcome(phone, `url: '${address}/echo'`), [['success', { statusCode: 200 }]])
})

await t.test('background: a request is interrupted, too, when it starts while suspended', async (t) => {
  const phone = await open(t, { clock: true })
  await phone.hide()
  await phone.page.clock.runFor(5100)
  await startRequest(phone, `url: '${address}/echo'`)
  t.strictSame(await ends(phone), [])
  await phone.show()
  t.strictSame(await ends(phone), failure(' interrupted'))
})

await t.test('warm launch: all pages are closed and the new one is opened when another code is scanned', async (t) => {
  const phone = await open(t, { launch: { query: { scene: 'a' } } })
  await wx(phone, "navigateTo({ url: '/pages/two/two' })")
  await phone.frame.evaluate("{ wx.showModal({ title: 'Still here?' }); undefined }")
  await phone.hide()
  await logged(phone)
  const next = { path: 'pages/one/one', query: { scene: 'b%3D' }, scene: 1047 }
  await phone.show(next)
  await phone.frame.getByRole('button', { name: 'One' }).waitFor()
  t.strictSame(await logged(phone), [['App.onShow', next], ['onUnload'], ['onUnload'], ['onLoad', { scene: 'b%3D' }], ['onShow']])
  t.hasStrict(await wx(phone, 'getEnterOptionsSync()'), next)
  t.equal(await phone.frame.evaluate('wx.getEnterOptionsSync() !== wx.getEnterOptionsSync()'), true)
  t.equal(await phone.frame.evaluate('getCurrentPages().length'), 1)
  t.equal(await phone.frame.getByRole('dialog').count(), 0)
  await phone.show({ ...next, query: { scene: 'c' } })
  await phone.frame.getByRole('button', { name: 'One' }).waitFor()
  t.hasStrict((await logged(phone)).at(-2), ['onLoad', { scene: 'c' }], 'in the foreground as well')
})

await t.test("clock: the current time, and no other date, is shifted when the phone's clock is off", async (t) => {
  const hour = 3_600_000
  const phone = await open(t, { settings: { clockOffsetMs: hour } })
  const off = async (): Promise<number[]> => {
    const seen = await phone.frame.evaluate('[Date.now(), new Date().getTime(), Date.parse(Date()), +Reflect.construct(Date, [])]') as number[]
    const real = Date.now()
    return seen.map((time) => Math.round((time - real) / hour))
  }
  t.strictSame(await off(), [1, 1, 1, 1])
  await phone.set({ clockOffsetMs: -2 * hour })
  t.strictSame(await off(), [-2, -2, -2, -2])
  t.strictSame(await phone.frame.evaluate("[new Date(5).getTime(), Date.UTC(1970, 0), Date.parse('1970-01-01T00:00:01Z'), new Date() instanceof Date]"), [5, 0, 1000, true])
})
