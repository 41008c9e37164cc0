// The owner's page of people, and what those read who may not come in: every screen is accessible and fits, pages are read by scrolling and pulling, and data is deleted.
import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import type { BrowserContextOptions } from 'playwright-core'
import { launchChromium } from '../support/chromium.ts'
import { openBrowser, type TestPhone } from '../support/clients.ts'
import { openWindow, serveDemo, type DemoServer, type DemoWindow } from '../support/demo-window.ts'
import { visitedService } from '../support/login-visit.ts'
import { appOf, faultsOf } from '../support/screen-faults.ts'

const chromium = await launchChromium()
t.teardown(() => chromium.close())

const en = {
  dark: 'Dark',
  large: 'Large text',
  flight: 'Flight mode',
  waiting: /^\d+ people wait to be let in/,
  oneWaits: /^1 person waits to be let in/,
  states: { active: 'Active', blocked: 'Blocked' },
  search: 'Search by name or handle',
  clear: 'Clear',
  letIn: 'Let in Mei',
  letInDone: 'Mei can log in now',
  block: 'Block Bo',
  question: 'Block Bo? They are logged out everywhere at once, and can\'t log in until you let them in again.',
  yes: 'Yes',
  no: 'No',
  offline: "You're offline. Try again once you are connected.",
  blocked: 'Bo is blocked and logged out',
  nobodyWaits: 'Nobody waits to be let in',
  nobodyFound: 'Nobody found. Type how a name or a handle begins.',
  asked: "The owner hasn't let you in yet",
  tellName: 'Tell the owner who you are',
  name: 'Display name (optional)',
  save: 'Save',
  deleteData: 'Delete my data',
  deleteYes: 'Yes',
  deleted: 'Your data is deleted',
  stranger: "This site doesn't know you yet",
}
const zh: typeof en = {
  dark: '深色',
  large: '大字号',
  flight: '飞行模式',
  waiting: /^有 \d+ 人等你同意/,
  oneWaits: /^有 1 人等你同意/,
  states: { active: '可登录', blocked: '已禁止' },
  search: '按昵称或编号搜索',
  clear: '清除',
  letIn: '同意 Mei',
  letInDone: '「Mei」可以登录了',
  block: '禁止 Bo',
  question: '禁止「Bo」登录？对方会马上在所有设备上退出登录，你重新允许以前不能再登录。',
  yes: '禁止',
  no: '取消',
  offline: '网络断开了，连上后再试一次。',
  blocked: '「Bo」已被禁止，并已退出登录',
  nobodyWaits: '没有人在等你同意',
  nobodyFound: '没有找到，请输入昵称或编号的开头。',
  asked: '还要等管理员同意',
  tellName: '告诉管理员你是谁',
  name: '昵称（选填）',
  save: '保存',
  deleteData: '删除我的数据',
  deleteYes: '删除',
  deleted: '你的数据已删除',
  stranger: '你还不在这个网站的名单里',
}

/** Scans as a new person, who waits from then on. */
const ask = async (service: ReturnType<typeof visitedService>, name: string): Promise<TestPhone> => {
  const phone = await service.newPhone()
  const { ticket } = await openBrowser(service)
  const { status } = await phone.scan(ticket)
  if (status !== 403) throw new Error(`the scan was answered with ${status}`)
  await phone.rename(name)
  return phone
}

const check = (t: Test, window: DemoWindow, server: DemoServer) => async (screen: string): Promise<void> => {
  t.strictSame(await faultsOf(appOf(window, server)), [], screen)
}

/** Takes away whoever the demo has made an owner. */
const erase = async ({ people }: DemoServer): Promise<void> => {
  for (const { sub } of (await people.list('active', { after: null, limit: 10 })).people) await people.erase(sub, async () => {})
}

interface Variant { readonly name: string, readonly words: typeof en, readonly switches: ReadonlyArray<'dark' | 'large'>, readonly options: BrowserContextOptions, readonly widthPx: number }

const variants: readonly Variant[] = [
  { name: 'in Chinese, dark, in large text, 320 px wide', words: zh, switches: ['dark', 'large'], options: { locale: 'zh-CN', viewport: { width: 364, height: 904 } }, widthPx: 320 },
  { name: 'in English, light, in the usual text', words: en, switches: [], options: { locale: 'en-US' }, widthPx: 354 },
]

for (const { name, words, switches, options, widthPx } of variants) {
  await t.test(`people: an owner decides on screens that are accessible and fit, ${name}`, async (t) => {
    const server = await serveDemo(t, { REGISTRATION: 'approval' })
    const service = visitedService(t, server)
    await ask(service, 'Mei')
    const bo = await ask(service, 'Bo')
    const window = await openWindow(t, chromium, server.url, { ...options, colorScheme: null })
    const phone = window.phone()
    const screen = check(t, window, server)
    await window.setPageWidth(widthPx)
    for (const one of switches) await phone.flip(words[one])
    await phone.open()
    await phone.button(words.waiting).waitFor()
    await screen('home of an owner')
    await phone.button(words.waiting).click()
    await phone.button(words.letIn).waitFor()
    await screen('people who wait')
    await phone.button(words.letIn).click()
    await phone.says(words.letInDone)
    await phone.button(words.letIn).waitFor({ state: 'detached' })

    await phone.button(words.block).click()
    const dialog = phone.app.getByRole('dialog', { name: words.question })
    await dialog.getByRole('button', { name: words.no }).click()
    await dialog.waitFor({ state: 'detached' })
    t.equal((await server.people.read(bo.sub)).state, 'waiting', 'no is no')
    await phone.flip(words.flight)
    await phone.button(words.block).click()
    await screen('question before a block')
    await dialog.getByRole('button', { name: words.yes }).click()
    await phone.says(words.offline)
    await screen('a decision that failed')
    t.equal(await phone.button(words.block).count(), 1, 'a refused call changes nothing')
    await phone.flip(words.flight)
    await phone.button(words.block).click()
    await dialog.getByRole('button', { name: words.yes }).click()
    await phone.says(words.blocked)
    t.equal((await server.people.read(bo.sub)).state, 'blocked')
    await phone.says(words.nobodyWaits)
    await screen('nobody waits')

    for (const state of ['active', 'blocked'] as const) {
      await phone.app.getByRole('tab', { name: words.states[state] }).click()
      await phone.app.getByText(state === 'active' ? 'Mei' : 'Bo', { exact: true }).waitFor()
      await screen(state)
    }
    const input = phone.app.getByRole('textbox', { name: words.search })
    await input.fill('ME')
    await phone.app.getByText('Mei', { exact: true }).waitFor()
    await screen('people, searched')
    await input.fill('nobody has this name')
    await phone.says(words.nobodyFound)
    await phone.button(words.clear).click()
    await phone.app.getByText('Bo', { exact: true }).waitFor()
    t.equal(await input.inputValue(), '')
  })

  await t.test(`people: whoever has to wait gives a name, and deletes their data, on screens that are accessible and fit, ${name}`, async (t) => {
    const server = await serveDemo(t, { REGISTRATION: 'approval' })
    const window = await openWindow(t, chromium, server.url, { ...options, colorScheme: null })
    const phone = window.phone()
    const screen = check(t, window, server)
    await window.setPageWidth(widthPx)
    for (const one of switches) await phone.flip(words[one])
    // The demo's first person is its owner: here they are as new as anybody.
    await phone.open()
    await phone.button(words.deleteData).waitFor()
    await erase(server)
    await phone.close()

    await phone.scan()
    await phone.says(words.asked)
    await window.code.waitFor() // the page keeps its code
    await screen('asked to wait')
    await phone.button(words.tellName).click()
    await phone.app.locator('input:focus').waitFor() // the keyboard is there
    await phone.app.getByRole('textbox', { name: words.name }).fill('小雨')
    await screen('home of whoever waits')
    await phone.button(words.save).click()
    await phone.app.getByText('小雨', { exact: true }).waitFor()
    const { people: [asking] } = await server.people.list('waiting', { after: null, limit: 2 })
    t.hasStrict(asking, { name: '小雨', state: 'waiting' }, 'the owner sees who asks')

    await phone.button(words.deleteData).click()
    const dialog = phone.app.getByRole('dialog')
    await screen('question before the deletion')
    await dialog.getByRole('button', { name: words.no }).click()
    await dialog.waitFor({ state: 'detached' })
    t.equal(await server.people.count('waiting'), 1, 'no is no')
    await phone.button(words.deleteData).click()
    await dialog.getByRole('button', { name: words.deleteYes }).click()
    await phone.says(words.deleted)
    await screen('deleted')
    t.equal(await server.people.count('waiting'), 0)
  })
}

await t.test('people: the next page is read when the end of the list is reached, and all of it anew when it is pulled down', async (t) => {
  const server = await serveDemo(t, { REGISTRATION: 'approval' })
  const add = async (name: string): Promise<void> => {
    const sub = randomBytes(32).toString('base64url')
    await server.people.create(sub, { state: 'waiting', isSeen: true })
    await server.people.rename(sub, name)
  }
  for (let n = 1; n <= 60; n++) await add(`Person ${n}`)
  const window = await openWindow(t, chromium, server.url)
  const phone = window.phone()
  await phone.open()
  await phone.button('60 people wait to be let in').click()
  await phone.button('Let in Person 60').waitFor()
  const rows = phone.app.locator('.person')
  t.equal(await rows.count(), 50)
  await rows.last().scrollIntoViewIfNeeded()
  await phone.button('Let in Person 1').waitFor()
  t.equal(await rows.count(), 60)
  t.equal(await phone.button('Show more').count(), 0)

  await add('Newcomer')
  const box = phone.app.locator('.page-box:not([hidden])')
  await box.evaluate((element: any) => { element.scrollTop = 0 }) // the tests' types have no DOM
  const { x = 0, y = 0 } = await phone.app.locator('.person').first().boundingBox() ?? {}
  await window.page.mouse.move(x + 20, y + 10)
  await window.page.mouse.down()
  await window.page.mouse.move(x + 20, y + 160, { steps: 5 })
  await window.page.mouse.up()
  await phone.button('Let in Newcomer').waitFor()
  await phone.app.locator('.pull--busy').waitFor({ state: 'detached' })
})
