// The demo's runtime in a real browser, with a small mini program: tags, events, navigation.
import t from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { openFramedPhone, serveMiniProgram } from '../support/mini-program-frame.ts'
import type { FramedPhone, PhoneOptions } from '../support/mini-program-frame.ts'

/** A page that records every lifecycle call and event in `getApp().log`. */
const scriptOf = (name: string): string => `
  const log = (...entry) => getApp().log.push(['${name}', ...entry])
  Page({
    data: { count: 0, text: 'Mei', lines: 'a\\nb', list: [{ id: 'a', n: 1 }, { id: 'b', n: 2 }], busy: false },
    onLoad (query) { log('onLoad', query); if (query.next) wx.redirectTo({ url: query.next }) },
    onShow () { log('onShow') },
    onReady () { log('onReady') },
    onHide () { log('onHide') },
    onUnload () { log('onUnload') },
    onPullDownRefresh () { log('onPullDownRefresh') },
    onReachBottom () { log('onReachBottom') },
    onCount () { this.setData({ count: this.data.count + 1 }) },
    onItem ({ type, currentTarget, mark }) { log(type, currentTarget.dataset, mark) },
    onOuter () { log('outer') },
    onInput ({ type, detail }) { log(type, detail); this.setData({ text: detail.value }) },
    onOther ({ type, detail }) { log(type, detail) },
    onBusy () { this.setData({ busy: true }) },
    onThrow () { throw new Error('a handler fails') },
    async onReject () { throw new Error('an async handler fails') },
    onExit () { wx.exitMiniProgram() },
    onLateExit () { setTimeout(() => wx.exitMiniProgram({ fail: ({ errMsg }) => log(errMsg) })) },
  })
`

const one = `
<page-meta root-font-size="system" />
<view class="top" bind:tap="onOuter">
  <button class="count" hover-class="pressed" bind:tap="onCount">Count {{count}}</button>
  <button wx:for="{{list}}" wx:key="id" data-item-index="{{index}}" data-item="{{item}}" mark:id="{{item.id}}" catch:tap="onItem">Item {{item.id}}</button>
  <button disabled="{{true}}" hover-class="pressed" bind:tap="onCount">Dead</button>
  <button disabled="{{busy}}" bind:tap="onBusy">Busy</button>
</view>
<input value="{{text}}" placeholder="Your name" maxlength="8" confirm-type="done" aria-label="Name" bind:input="onInput" bind:focus="onOther" bind:blur="onOther" bind:confirm="onOther" />
<input aria-label="Long" disabled />
<text class="lines" aria-role="note">{{lines}} {{text}}</text>
<view class="inline" style="width: 375rpx; color: rgb(1, 2, 3)" aria-role="img" aria-label="A picture" aria-hidden="{{false}}"></view>
<tile name="{{text}}"><text>inside</text></tile>
<button bind:tap="onThrow">Throw</button>
<button bind:tap="onReject">Reject</button>
<button bind:tap="onExit">Exit</button>
<button bind:tap="onLateExit">Late</button>
<scroll-view class="scroller" scroll-y aria-label="List"><view class="tall"></view></scroll-view>
`

const files = {
  'app.json': JSON.stringify({
    pages: ['pages/one/one', 'pages/two/two', 'pages/plain/plain'],
    window: { navigationBarTitleText: 'App', navigationBarBackgroundColor: '@bar', navigationBarTextStyle: '@text', backgroundColor: '@ground' },
    darkmode: true,
    themeLocation: 'theme.json',
    style: 'v2',
  }),
  'theme.json': JSON.stringify({
    light: { bar: '#eeeeee', text: 'black', ground: '#dddddd' },
    dark: { bar: '#111111', text: 'white', ground: '#222222' },
  }),
  'config.ts': "export const serviceUrl = 'https://login.example.com'",
  'app.ts': 'import { serviceUrl } from "./config"; App({ serviceUrl, log: [], onLaunch (o) { this.log.push(["App", "onLaunch", o.path]) }, onShow (o) { this.log.push(["App", "onShow", o.path]) }, onHide () { this.log.push(["App", "onHide"]) } })',
  'app.wxss': 'page { --c: rgb(1, 1, 1) } @media (prefers-color-scheme: dark) { page { --c: rgb(9, 9, 9) } } .count { color: var(--c); width: 300rpx } .pressed { opacity: 0.5 }',
  'pages/one/one.json': JSON.stringify({ navigationBarTitleText: 'One', usingComponents: { tile: '/components/tile/tile' } }),
  'pages/one/one.wxml': one,
  'pages/one/one.wxss': '.top { padding: 1rem; margin-left: 10rpx } .scroller { height: 100px } .tall { height: 3000px }',
  'pages/one/one.ts': scriptOf('one'),
  'pages/two/two.json': JSON.stringify({ enablePullDownRefresh: true }),
  'pages/two/two.wxml': '<view class="top"><button bind:tap="onCount">Two {{count}}</button></view>',
  'pages/two/two.wxss': '.top { margin-left: 20rpx }',
  'pages/two/two.ts': scriptOf('two'),
  'pages/plain/plain.json': JSON.stringify({ navigationBarBackgroundColor: '#abcdef', navigationBarTextStyle: 'white' }),
  'pages/plain/plain.wxml': '<button class="wide">Plain</button>',
  'pages/plain/plain.wxss': '.wide:not([size="mini"]) { width: auto }',
  'pages/plain/plain.ts': 'Page({})',
  'components/tile/tile.json': '{ "component": true }',
  'components/tile/tile.wxml': '<view class="top"><text>Tile {{name}}</text><slot /></view>',
  'components/tile/tile.wxss': '.top { color: rgb(4, 5, 6) }',
  'components/tile/tile.ts': 'Component({ properties: { name: String } })',
}

const { listen } = await serveMiniProgram(t, files)
const address = await listen()
const browser = await launchChromium()
t.teardown(() => browser.close())

const open = (t: Parameters<typeof openFramedPhone>[0], options?: PhoneOptions) => openFramedPhone(t, browser, address, options)
const wx = (phone: FramedPhone, call: string): Promise<unknown> => phone.frame.evaluate(`Promise.resolve(wx.${call}).catch((refusal) => refusal)`)
/** The records since the last call. */
const logged = (phone: FramedPhone): Promise<unknown[][]> => phone.frame.evaluate('getApp().log.splice(0)')
const button = (phone: FramedPhone, name: string) => phone.frame.getByRole('button', { name })
const styleOf = (phone: FramedPhone, selector: string, property: string): Promise<string> =>
  phone.frame.locator(selector).first().evaluate((element, name) => (globalThis as any).getComputedStyle(element)[name], property) // the tests' types know no DOM

await t.test('runtime: the App and then the launch page start, with the query undecoded, when the phone launches it', async (t) => {
  const phone = await open(t, { launch: { path: 'pages/two/two', query: { scene: 'a%3Db' } } })
  t.strictSame(await logged(phone), [
    ['App', 'onLaunch', 'pages/two/two'], ['App', 'onShow', 'pages/two/two'],
    ['two', 'onLoad', { scene: 'a%3Db' }], ['two', 'onShow'], ['two', 'onReady'],
  ])
  t.strictSame(phone.errors, [])
})

await t.test('events: the page gets one tap when it comes by mouse, touch, Enter or Space', async (t) => {
  const phone = await open(t)
  const count = button(phone, 'Count')
  await count.click()
  t.equal(await count.innerText(), 'Count 1')
  await count.press('Enter')
  t.equal(await count.innerText(), 'Count 2')
  await count.press(' ')
  t.equal(await count.innerText(), 'Count 3')
  await count.tap()
  t.equal(await count.innerText(), 'Count 4')
  await count.click()
  t.equal(await count.innerText(), 'Count 5', 'mouse after touch')
})

await t.test('events: the handler gets typed data and marks, and a caught tap stops, when an item is tapped', async (t) => {
  const phone = await open(t)
  await logged(phone)
  await button(phone, 'Item b').click()
  t.strictSame(await logged(phone), [['one', 'tap', { itemIndex: 1, item: { id: 'b', n: 2 } }, { id: 'b' }]])
  await button(phone, 'Count').click()
  t.strictSame(await logged(phone), [['one', 'outer']])
})

await t.test('button: it ignores taps when it is disabled, initially or later', async (t) => {
  const phone = await open(t)
  await logged(phone)
  const dead = button(phone, 'Dead')
  t.equal(await dead.isDisabled(), true)
  await dead.click({ force: true })
  await dead.dispatchEvent('mousedown')
  await dead.dispatchEvent('mouseup')
  t.equal(await button(phone, 'Count').innerText(), 'Count 0')
  t.strictSame(await logged(phone), [])
  const busy = button(phone, 'Busy')
  t.equal(await busy.isDisabled(), false)
  await busy.click()
  t.equal(await busy.isDisabled(), true)
})

await t.test('button: it has its hover-class when it is pressed, until it is released', async (t) => {
  const phone = await open(t)
  await button(phone, 'Count').hover()
  t.equal(await styleOf(phone, '.count', 'opacity'), '1')
  await phone.page.mouse.down()
  t.equal(await styleOf(phone, '.count', 'opacity'), '0.5')
  await phone.page.mouse.up()
  t.equal(await styleOf(phone, '.count', 'opacity'), '1')
  await button(phone, 'Dead').hover({ force: true })
  await phone.page.mouse.down()
  t.equal(await phone.frame.locator('.pressed').count(), 0)
})

await t.test('button: it is as wide as its row when its style overrides WeChat\'s, and 184 px when it does not', async (t) => {
  const phone = await open(t, { launch: { path: 'pages/plain/plain' } })
  t.equal(await styleOf(phone, '.wide', 'width'), '375px')
  const other = await open(t)
  t.equal(await styleOf(other, '.count', 'width'), '184px', 'a class alone is not enough')
})

await t.test('input: events have the text and the cursor stays when the person types, and the page\'s value is shown', async (t) => {
  const phone = await open(t)
  const input = phone.frame.getByRole('textbox', { name: 'Name' })
  t.equal(await input.inputValue(), 'Mei')
  t.equal(await input.getAttribute('placeholder'), 'Your name')
  t.equal(await input.getAttribute('enterkeyhint'), 'done')
  await input.focus()
  await logged(phone)
  await input.press('Home')
  await phone.page.keyboard.type('Li ')
  t.equal(await input.inputValue(), 'Li Mei')
  t.strictSame(await logged(phone), [
    ['one', 'input', { value: 'LMei', cursor: 1 }], ['one', 'input', { value: 'LiMei', cursor: 2 }], ['one', 'input', { value: 'Li Mei', cursor: 3 }],
  ])
  await phone.page.keyboard.type('12345')
  t.equal(await input.inputValue(), 'Li 12Mei', 'maxlength')
  await logged(phone)
  await input.press('Enter')
  await input.blur()
  t.strictSame(await logged(phone), [['one', 'confirm', { value: 'Li 12Mei' }], ['one', 'blur', { value: 'Li 12Mei' }]])
  await phone.frame.evaluate("getCurrentPages()[0].setData({ text: 'Zoe' })")
  t.equal(await input.inputValue(), 'Zoe')
  const long = phone.frame.getByRole('textbox', { name: 'Long' })
  t.strictSame([await long.isDisabled(), await long.getAttribute('maxlength')], [true, '140'])
})

await t.test('tags: aria attributes, inline styles, text and components are in the document when a template has them', async (t) => {
  const phone = await open(t)
  const picture = phone.frame.getByRole('img', { name: 'A picture' })
  t.equal(await picture.getAttribute('aria-hidden'), 'false')
  t.equal(await styleOf(phone, '.inline', 'width'), '187.5px')
  t.equal(await styleOf(phone, '.inline', 'color'), 'rgb(1, 2, 3)')
  t.equal(await phone.frame.locator('.lines').innerText(), 'a\nb Mei')
  t.match(await phone.frame.locator('tile').innerText(), /^Tile Mei\s*inside$/)
  t.equal(await styleOf(phone, 'tile wx-view', 'color'), 'rgb(4, 5, 6)')
  t.not(await styleOf(phone, '.top', 'color'), 'rgb(4, 5, 6)', 'a component\'s style stays inside')
  t.strictSame(phone.errors, [])
})

await t.test('scroll-view: it scrolls when End is pressed', async (t) => {
  const phone = await open(t)
  const list = phone.frame.locator('.scroller')
  t.equal(await styleOf(phone, '.scroller', 'overflowY'), 'auto')
  await list.focus()
  await list.press('End')
  await phone.frame.locator('.scroller').evaluate((element: any) => element.scrollTop > 0 || new Promise((resolve) => element.addEventListener('scroll', resolve, { once: true })))
})

await t.test('pull: a page that asks for it is told, once until it stops the refresh, when it is pulled down far enough', async (t) => {
  const phone = await open(t, { launch: { path: 'pages/two/two' } })
  const pull = async (px: number): Promise<void> => {
    await phone.page.mouse.move(200, 300)
    await phone.page.mouse.down()
    await phone.page.mouse.move(200, 300 + px, { steps: 4 })
    await phone.page.mouse.up()
  }
  await logged(phone)
  await pull(40)
  t.strictSame(await logged(phone), [])
  await pull(100)
  await pull(100)
  t.strictSame(await logged(phone), [['two', 'onPullDownRefresh']])
  t.equal(await phone.frame.locator('.pull').evaluate((element: any) => element.offsetHeight), 60)
  await wx(phone, 'stopPullDownRefresh()')
  t.equal(await phone.frame.locator('.pull').evaluate((element: any) => element.offsetHeight), 0)
  await pull(100)
  t.strictSame(await logged(phone), [['two', 'onPullDownRefresh']])
  const other = await open(t)
  t.equal(await other.frame.locator('.pull').count(), 0, 'no other page can be pulled')
})

await t.test('scrolling: the page is told once when its end is reached, and again when it has grown', async (t) => {
  const phone = await open(t)
  const scroll = (heightPx: number): Promise<void> => phone.frame.locator('.page-box').evaluate(async (box: any, px) => {
    box.querySelector('.top').style.height = `${px}px`
    const scrolled = new Promise((resolve) => box.addEventListener('scroll', () => setTimeout(resolve), { once: true }))
    box.scrollTop = box.scrollHeight
    await scrolled
    box.scrollTop -= 10
  }, heightPx)
  await logged(phone)
  await scroll(2000)
  t.strictSame(await logged(phone), [['one', 'onReachBottom']])
  await scroll(3000)
  t.strictSame(await logged(phone), [['one', 'onReachBottom']])
})

await t.test('page-meta: the root\'s font size follows the phone\'s when a page has the tag, and only there', async (t) => {
  const phone = await open(t, { settings: { fontSizePx: 20 } })
  t.equal(await styleOf(phone, 'html', 'fontSize'), '20px')
  t.equal(await styleOf(phone, '.top', 'paddingTop'), '20px')
  await phone.set({ fontSizePx: 23 })
  t.equal(await styleOf(phone, 'html', 'fontSize'), '23px')
  await wx(phone, "navigateTo({ url: '/pages/two/two' })")
  t.equal(await styleOf(phone, 'html', 'fontSize'), '16px')
})

await t.test('navigation: pages get their lifecycle calls in WeChat\'s order when they are opened, replaced, closed and relaunched', async (t) => {
  const phone = await open(t)
  const pages = (): Promise<unknown> => phone.frame.evaluate('getCurrentPages().map((page) => [page.route, page.options])')
  await logged(phone)
  t.strictSame(await wx(phone, "navigateTo({ url: '../two/two?scene=a%3D1&b' })"), { errMsg: 'navigateTo:ok' })
  t.strictSame(await logged(phone), [['one', 'onHide'], ['two', 'onLoad', { scene: 'a%3D1', b: '' }], ['two', 'onShow'], ['two', 'onReady']])
  t.strictSame(await pages(), [['pages/one/one', {}], ['pages/two/two', { scene: 'a%3D1', b: '' }]])
  await wx(phone, "redirectTo({ url: '/pages/two/two?n=2' })")
  t.strictSame(await logged(phone), [['two', 'onUnload'], ['two', 'onLoad', { n: '2' }], ['two', 'onShow'], ['two', 'onReady']])
  await wx(phone, 'navigateBack()')
  t.strictSame(await logged(phone), [['two', 'onUnload'], ['one', 'onShow']])
  await wx(phone, "navigateTo({ url: '/pages/two/two' })")
  await logged(phone)
  await wx(phone, "reLaunch({ url: '/pages/one/one?again=1' })")
  t.strictSame(await logged(phone), [['two', 'onUnload'], ['one', 'onUnload'], ['one', 'onLoad', { again: '1' }], ['one', 'onShow'], ['one', 'onReady']])
  t.strictSame(await pages(), [['pages/one/one', { again: '1' }]])
})

await t.test('navigation: setData has no effect when the page is closed', async (t) => {
  const phone = await open(t)
  const late = 'window.late = getCurrentPages().at(-1); undefined'
  const set = 'late.setData({ count: 7, busy: true, list: [] })'
  await wx(phone, "navigateTo({ url: '/pages/two/two' })")
  await phone.frame.evaluate(late)
  await phone.back()
  await phone.frame.evaluate(set)
  await phone.frame.evaluate(late)
  await phone.show({ path: 'pages/two/two', query: {}, scene: 1047 })
  await phone.frame.evaluate(set)
  t.equal(await button(phone, 'Two').innerText(), 'Two 0')
  t.equal(await phone.frame.getByRole('alert').count(), 0)
  t.strictSame(phone.errors, [])
})

await t.test('navigation: the focus stays in the page when the pressed button is removed or disabled', async (t) => {
  const phone = await open(t)
  await button(phone, 'Busy').press('Enter')
  t.equal(await button(phone, 'Busy').isDisabled(), true)
  const inPage = "document.activeElement.className === 'page-box'"
  t.equal(await phone.frame.evaluate(inPage), true)
  await phone.page.keyboard.press('Tab')
  t.equal(await button(phone, 'Count').evaluate((element: any) => element === element.ownerDocument.activeElement), true)
})

await t.test('navigation: it starts after the lifecycle call when it is called inside one', async (t) => {
  const phone = await open(t, { launch: { query: { next: '/pages/two/two' } } })
  await button(phone, 'Two').waitFor()
  t.strictSame((await logged(phone)).slice(2), [
    ['one', 'onLoad', { next: '/pages/two/two' }], ['one', 'onShow'], ['one', 'onReady'], ['one', 'onUnload'],
    ['two', 'onLoad', {}], ['two', 'onShow'], ['two', 'onReady'],
  ])
})

await t.test('navigation: it fails when there is no such page, no page to go back to, or ten pages already', async (t) => {
  const phone = await open(t)
  await logged(phone)
  for (const call of ['navigateTo', 'redirectTo', 'reLaunch']) {
    t.strictSame(await wx(phone, `${call}({ url: '/pages/three/three?a=1' })`), { errMsg: `${call}:fail page "pages/three/three?a=1" is not found` })
  }
  t.strictSame(await wx(phone, 'navigateBack()'), { errMsg: 'navigateBack:fail cannot navigate back at first page.' })
  t.strictSame(await logged(phone), [])
  for (let depth = 2; depth <= 10; depth++) await wx(phone, "navigateTo({ url: '/pages/two/two' })")
  await logged(phone)
  t.strictSame(await wx(phone, "navigateTo({ url: '/pages/two/two' })"), { errMsg: 'navigateTo:fail webview count limit exceed' })
  t.strictSame(await logged(phone), [])
  t.strictSame(await wx(phone, 'navigateBack({ delta: 99 })'), { errMsg: 'navigateBack:ok' })
  t.equal(await phone.frame.evaluate('getCurrentPages().length'), 1)
})

await t.test('navigation: a page has its own style, and its scroll position and focus again, when the person goes back to it', async (t) => {
  const phone = await open(t)
  t.equal(await styleOf(phone, '.top', 'marginLeft'), '5px')
  await phone.frame.locator('.scroller').evaluate((element: any) => { element.scrollTop = 120 })
  await button(phone, 'Late').focus()
  await wx(phone, "navigateTo({ url: '/pages/two/two' })")
  const two = button(phone, 'Two')
  t.equal(await styleOf(phone, '.page-box:not([hidden]) .top', 'marginLeft'), '10px')
  t.equal(await styleOf(phone, '.page-box:not([hidden]) .top', 'paddingTop'), '0px', 'no style of the other page')
  t.equal(await button(phone, 'Late').count(), 0, 'the covered page is not accessible')
  await phone.page.keyboard.press('Tab')
  t.equal(await two.evaluate((element: any) => element === element.ownerDocument.activeElement), true)
  await phone.back()
  await button(phone, 'Late').waitFor()
  t.equal(await phone.frame.locator('.scroller').evaluate((element: any) => element.scrollTop), 120)
  t.equal(await styleOf(phone, '.top', 'marginLeft'), '5px')
  t.equal(await button(phone, 'Late').evaluate((element: any) => element === element.ownerDocument.activeElement), true)
})

await t.test('bar: it has the page\'s title and colours, and an arrow when another page is below', async (t) => {
  const phone = await open(t)
  t.strictSame(await phone.bar(), { title: 'One', background: '#eeeeee', text: 'black', canGoBack: false })
  await wx(phone, "setNavigationBarTitle({ title: 'Mine' })")
  await wx(phone, "navigateTo({ url: '/pages/plain/plain' })")
  t.strictSame(await phone.bar(), { title: 'App', background: '#abcdef', text: 'white', canGoBack: true })
  await phone.back()
  t.strictSame(await phone.bar(), { title: 'Mine', background: '#eeeeee', text: 'black', canGoBack: false })
  await phone.back()
  t.equal(await phone.frame.evaluate('getCurrentPages().length'), 1, 'the first page stays')
})

await t.test('theme: bar, background and styles are dark when the phone is, and change with it', async (t) => {
  const phone = await open(t, { settings: { theme: 'dark' } })
  t.hasStrict(await phone.bar(), { background: '#111111', text: 'white' })
  t.equal(await styleOf(phone, '.count', 'color'), 'rgb(9, 9, 9)')
  t.equal(await styleOf(phone, 'body', 'backgroundColor'), 'rgb(34, 34, 34)')
  await phone.page.evaluate("document.documentElement.className = 'light'")
  await phone.set({ theme: 'light' })
  t.hasStrict(await phone.bar(), { background: '#eeeeee', text: 'black' })
  t.equal(await styleOf(phone, '.count', 'color'), 'rgb(1, 1, 1)')
})

await t.test('errors: they are shown and logged when a handler throws or rejects', async (t) => {
  for (const [name, message] of [['Throw', 'a handler fails'], ['Reject', 'an async handler fails']] as const) {
    const phone = await open(t)
    await button(phone, name).click()
    await phone.frame.getByText(`Error: ${message}`).waitFor()
    t.match(phone.errors.join('\n'), message)
  }
})

await t.test('errors: they are shown when the launch page does not exist or a script throws', async (t) => {
  const phone = await open(t, { launch: { path: 'pages/none/none' } })
  await phone.frame.getByText('page "pages/none/none" is not found').waitFor()
  const broken = await serveMiniProgram(t, { ...files, 'pages/two/two.ts': 'throw new Error("a script fails")' })
  const other = await openFramedPhone(t, browser, await broken.listen())
  await other.frame.getByText('Error: a script fails').waitFor()
  t.match(other.errors.join('\n'), 'a script fails')
})

await t.test('exitMiniProgram: it exits when called in a tap handler, and fails when called elsewhere', async (t) => {
  const phone = await open(t)
  const refusal = { errMsg: 'exitMiniProgram:fail can only be invoked by user TAP gesture.' }
  t.strictSame(await wx(phone, 'exitMiniProgram()'), refusal)
  await logged(phone)
  await button(phone, 'Late').click()
  await phone.frame.evaluate('new Promise((resolve) => setTimeout(resolve))')
  t.strictSame(await logged(phone), [['one', refusal.errMsg]])
  t.equal(await phone.page.evaluate('phone.exits'), 0)
  await button(phone, 'Exit').click()
  t.equal(await phone.page.evaluate('phone.exits'), 1)
  await button(phone, 'Exit').press('Enter')
  t.equal(await phone.page.evaluate('phone.exits'), 2)
})
