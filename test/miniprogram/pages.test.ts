// The pages, run with a fake `wx` and `Page`: what a tap sends and what is drawn.
import t, { type Test } from 'tap'
import '../support/miniprogram.ts'
import { grant, offer, ok, problem, startMs, ticket } from './fake-phone.ts'

interface WxRequest { method: string, url: string, data?: string, header: Record<string, string>, success (reply: { statusCode: number, data: unknown }): void, fail (reason: { errMsg: string }): void }
type Definition = Record<string, any> & { data: Record<string, any> }

const did: string[] = []
const storage = new Map<string, string>()
const requests: WxRequest[] = []
let scanned: string | undefined | null = `pages/login/login?scene=${ticket}`
let connected = true
let agrees = true
let entered: Record<string, string> = {}
let entryScene = 1047
let scanOptions: object = {}
let opened = 0

const answers: Record<string, { status: number, body: unknown }> = {
  login: grant('key_1', startMs / 1000),
  scan: offer(),
  confirm: ok({ state: 'confirmed' }),
  cancel: ok({ state: 'cancelled' }),
  sessions: ok({ sessions: [{ id: 's1', browser: { name: 'Chrome', system: 'Linux', ip: '::1', place: null }, last_seen_at: '2026-11-23T02:00:00Z' }] }),
  s1: { status: 204, body: '' },
  profile: ok({ user: { sub: 'sub-of-mei', name: 'Mei' } }),
}

const recording = (name: string) => (options: { url?: string, title?: string } = {}): void => { did.push([name, options.url ?? options.title].filter(Boolean).join(' ')) }

const wx = {
  request: (request: WxRequest): void => {
    requests.push(request)
    const { status, body } = answers[request.url.slice(request.url.lastIndexOf('/') + 1)] ?? { status: 404, body: '' }
    if (connected) request.success({ statusCode: status, data: body })
    else request.fail({ errMsg: 'request:fail interrupted' })
  },
  login: ({ success, complete }: { success (result: { code: string }): void, complete (): void }): void => {
    success({ code: 'js-code' })
    complete()
  },
  getStorageSync: (key: string): string => storage.get(key) ?? '',
  setStorageSync: (key: string, value: string): void => { storage.set(key, value) },
  removeStorageSync: (key: string): void => { storage.delete(key) },
  getNetworkType: ({ success }: { success (result: { networkType: string }): void }): void => success({ networkType: connected ? 'wifi' : 'none' }),
  getRandomValues: ({ length, success }: { length: number, success (result: { randomValues: ArrayBuffer }): void }): void =>
    success({ randomValues: crypto.getRandomValues(new Uint8Array(length)).buffer }),
  getAppBaseInfo: () => ({ language: 'en', SDKVersion: '3.17.2' }),
  getAccountInfoSync: () => ({ miniProgram: { appId: 'touristappid' } }),
  getEnterOptionsSync: () => ({ query: entered, scene: entryScene }),
  showModal: ({ content, confirmText, cancelText, success }: { content: string, confirmText: string, cancelText: string, success (result: { confirm: boolean }): void }): void => {
    did.push(`${content} ${confirmText}/${cancelText}`)
    success({ confirm: agrees })
  },
  scanCode: ({ success, fail, ...options }: { success (result: { path: string | undefined }): void, fail (): void }): void => {
    scanOptions = options
    if (scanned === null) fail()
    else success({ path: scanned })
  },
  exitMiniProgram: recording('exit'),
  reLaunch: recording('reLaunch'),
  redirectTo: recording('redirectTo'),
  navigateTo: recording('navigateTo'),
  showToast: recording('toast'),
  setNavigationBarTitle: recording('title'),
  stopPullDownRefresh: recording('stopPullDownRefresh'),
}

/** Loads a page's file, and with `start` all that it imports; returns the page as WeChat would make it. */
const open = async (path: string, query: 'page' | 'start' = 'page'): Promise<Definition> => {
  let page: Definition | undefined
  const make = (definition: Definition): void => {
    page = { ...definition, data: structuredClone(definition.data), setData (change: object) { Object.assign(page?.data ?? {}, change) } }
  }
  Object.assign(globalThis, { wx, Page: make })
  await import(`../../miniprogram/${path}.ts?${query}=${opened++}`)
  if (page === undefined) throw new Error(`${path} makes no page`)
  return page
}

/** Opens a page as at a cold start, with the `wx` of that moment. */
const openFresh = (path: string): Promise<Definition> => open(path, 'start')

/** As after 600 ms. */
const waitForButtons = (page: Definition): void => page.setData({ isArmed: true })

const tap = (dataset: object): object => ({ currentTarget: { dataset } })
const sent = (): string[] => requests.map(({ method, url }) => `${method} ${url.slice(url.lastIndexOf('/') + 1)}`).filter((call) => call !== 'POST login')

t.beforeEach(() => {
  requests.length = 0
  connected = true
})

await t.test('login page: logs in, and not before, when a number is tapped', async (t) => {
  const page = await open('pages/login/login')
  page.onLoad({ scene: encodeURIComponent(ticket) })
  await page.onShow()
  t.hasStrict(page.data.screen, { kind: 'ready', title: 'Log in to Acme in Chrome 151 on Windows 11?' })
  await page.onNumber(tap({ value: '47' }))
  t.strictSame(sent(), ['POST scan'], 'a finger that is still on its way is no answer, whatever is drawn by then')
  waitForButtons(page)
  await page.onNumber(tap({ value: '47' }))
  t.hasStrict(page.data.screen, { kind: 'done', mark: 'good' })
  did.length = 0
  for (const { name } of page.data.screen.actions) await page.onAction(tap({ name }))
  t.strictSame(did, [], 'nor is the second tap of two')
  t.strictSame(page.data.screen.kind, 'done')
  waitForButtons(page)
  await page.onAction(tap({ name: 'close' }))
  t.strictSame(did, ['exit'])
  page.onHide()
  page.onUnload()
  t.strictSame(sent(), ['POST scan', 'POST confirm'])
  const confirm = requests.at(-1)
  t.equal(confirm?.data, '{"match_code":"47"}')
  t.match(Object.keys(confirm?.header ?? {}).sort().join(), /^Content-Digest,Content-Type,Signature,Signature-Input$/)
})

await t.test('login page: the buttons that say yes react once they were in view for a while, for each question anew; "Not me" at once', async (t) => {
  const timers: Array<() => void> = []
  const { setTimeout } = globalThis
  t.teardown(() => {
    globalThis.setTimeout = setTimeout
    answers.scan = offer()
  })
  globalThis.setTimeout = Object.assign((run: () => void, ms: number) => {
    if (ms === 600) timers.push(run)
    return ms === 600 ? 0 : setTimeout(run, ms)
  }, setTimeout) as typeof setTimeout
  answers.scan = offer({ other_country: true })
  const page = await open('pages/login/login')
  page.onLoad({ scene: ticket })
  await page.onShow()
  page.onClaim()
  t.hasStrict(page.data, { isArmed: false, screen: { claim: "It's me", numbers: [] } })
  timers.shift()?.()
  t.equal(page.data.isArmed, true)
  page.onClaim()
  t.hasStrict(page.data, { isArmed: false, screen: { claim: '', numbers: [{ value: '12' }, { value: '47' }, { value: '83' }] } })
  timers.shift()?.()
  t.equal(page.data.isArmed, true)
  page.onHide()
  await page.onShow()
  t.hasStrict(page.data, { isArmed: true, screen: { claim: '' } })
  t.equal(timers.length, 0, 'a redraw is no new question')
  page.onUnload()
})

await t.test('login page: refuses when "Not me" is tapped', async (t) => {
  const page = await open('pages/login/login')
  page.onLoad({ scene: ticket })
  await page.onShow()
  await page.onNotMe()
  page.onUnload()
  t.equal(page.data.screen.kind, 'refused')
  t.strictSame(sent(), ['POST scan', 'POST cancel'])
})

await t.test('login page: the single button confirms when no number is asked for', async (t) => {
  const before = answers.scan
  answers.scan = offer({ match: 'off', match_choices: null })
  t.teardown(() => { if (before !== undefined) answers.scan = before })
  const page = await open('pages/login/login')
  page.onLoad({ scene: ticket })
  await page.onShow()
  await page.onConfirm()
  t.equal(page.data.screen.kind, 'ready')
  waitForButtons(page)
  await page.onConfirm()
  page.onUnload()
  t.equal(page.data.screen.kind, 'done')
})

await t.test('E11 login page: the typed number is sent, and each digit announced to screen readers, when the number is to be typed', async (t) => {
  const before = answers.scan
  answers.scan = offer({ match: 'type', match_choices: null })
  t.teardown(() => { if (before !== undefined) answers.scan = before })
  const page = await open('pages/login/login')
  page.onLoad({ scene: ticket })
  await page.onShow()
  for (const value of ['4', '8']) page.onKey(tap({ value }))
  page.onErase()
  t.hasStrict(page.data.screen, { boxes: [{ digit: '4' }, { digit: '' }], typed: 'Typed: 4', incomplete: true })
  await page.onConfirm()
  t.strictSame(sent(), ['POST scan'])
  page.onKey(tap({ value: '7' }))
  await page.onConfirm()
  page.onUnload()
  t.equal(page.data.screen.kind, 'done')
  t.equal(requests.at(-1)?.data, '{"match_code":"47"}')
})

await t.test('E12 login page: warns when the code was not scanned with a camera, whatever the page\'s query says, and not when it was scanned in the mini program', async (t) => {
  const warning = async (scene: number, page: Definition, query: object = { scene: ticket }): Promise<string> => {
    entryScene = scene
    page.onLoad(query)
    await page.onShow()
    page.onHide()
    entryScene = 1089 // reopened: another scene, the same ticket
    await page.onShow()
    page.onHide()
    page.onUnload()
    return page.data.screen.warnings[0]?.text ?? ''
  }
  t.teardown(() => { entryScene = 1047 })
  for (const scene of [1048, 1049, 1012, 1007, 1037, 1065, 1194, 4711, 1001, 1089, 1131]) {
    t.match(await warning(scene, await open('pages/login/login')), /^You didn't scan this with your camera\./, String(scene))
  }
  t.match(await warning(1037, await open('pages/login/login'), { scene: ticket, isFromCamera: 'true', from: 'camera' }), /^You didn't scan/)
  for (const scene of [1047, 1011]) t.equal(await warning(scene, await open('pages/login/login')), '', String(scene))

  const page = await open('pages/login/login')
  scanned = `pages/login/login?scene=${ticket}`
  await page.onAction(tap({ name: 'scan' }))
  t.hasStrict(scanOptions, { onlyFromCamera: true }, 'WeChat would not tell a picture from the album from a scan')
  t.equal(await warning(1048, page), '')
  t.match(await warning(1048, page, { scene: 'b'.repeat(22) }), /^You didn't scan/, 'another ticket was not scanned')
})

await t.test('login page: shows an invalid code and sends nothing when the scene has no ticket', async (t) => {
  for (const scene of [undefined, '%', 'short']) {
    const page = await open('pages/login/login')
    page.onLoad({ scene })
    await page.onShow()
    page.onUnload()
    t.equal(page.data.screen.kind, 'invalid-code', String(scene))
  }
  t.strictSame(sent(), [])
})

await t.test('login page: uses the scene of WeChat\'s entry options when the page is opened without one', async (t) => {
  entered = { scene: encodeURIComponent(ticket) }
  t.teardown(() => { entered = {} })
  const page = await open('pages/login/login')
  page.onLoad({})
  await page.onShow()
  page.onUnload()
  t.equal(page.data.screen.kind, 'ready')
  const other = await open('pages/login/login')
  other.onLoad({ scene: 'short' })
  await other.onShow()
  other.onUnload()
  t.equal(other.data.screen.kind, 'invalid-code', 'but not in place of an invalid one')
})

await t.test('pages: say that mini program and site don\'t belong together, and don\'t ask to try again, when no js_code is valid', async (t) => {
  const before = answers.login
  answers.login = problem(401, 'js-code-invalid')
  storage.clear()
  t.teardown(() => { if (before !== undefined) answers.login = before })
  const page = await openFresh('pages/login/login')
  page.onLoad({ scene: ticket })
  await page.onShow()
  page.onUnload()
  t.hasStrict(page.data.screen, { kind: 'foreign-app', mark: 'warning', line: "This mini program and the site don't belong together", actions: [{ name: 'close' }] })
  t.match(page.data.screen.help, /AppID \(touristappid\)/)
  t.equal(requests.length, 2)
  const home = await openFresh('pages/index/index')
  t.teardown(() => { home.onUnload() })
  home.onLoad({})
  await home.onShow()
  t.hasStrict(home.data.screen, { failure: "This mini program and the site don't belong together. Please tell the site's owner.", retry: false })
  answers.login = problem(503, 'wechat-unavailable')
  home.onHide()
  await home.onShow()
  t.equal(home.data.screen.retry, true)
})

await t.test('pages: say that WeChat is too old, and send nothing, when it lacks an interface or its version is too low', async (t) => {
  const { getRandomValues, getAppBaseInfo, getEnterOptionsSync } = wx
  t.teardown(() => { Object.assign(wx, { getRandomValues, getAppBaseInfo, getEnterOptionsSync }) })
  for (const missing of [{ getRandomValues: undefined }, { getAppBaseInfo: () => ({ language: 'en', SDKVersion: '2.14.0' }) }]) {
    Object.assign(wx, { getRandomValues, getAppBaseInfo, getEnterOptionsSync: undefined }, missing)
    const page = await openFresh('pages/login/login')
    page.onLoad({ scene: ticket })
    await page.onShow()
    page.onUnload()
    t.hasStrict(page.data.screen, { kind: 'wechat-too-old', line: 'This WeChat is too old', actions: [{ name: 'update' }] })
    const home = await openFresh('pages/index/index')
    t.teardown(() => { home.onUnload() })
    home.onLoad({})
    await home.onShow()
    t.hasStrict(home.data.screen, { failure: 'This WeChat is too old. Please update it.', retry: false })
  }
  t.strictSame(requests, [])
})

await t.test('pages: log in when WeChat tells no version, or one that is no number', async (t) => {
  const { getAppBaseInfo } = wx
  t.teardown(() => { Object.assign(wx, { getAppBaseInfo }) })
  for (const SDKVersion of [undefined, 'dev']) {
    Object.assign(wx, { getAppBaseInfo: () => ({ language: 'en', SDKVersion }) })
    const page = await openFresh('pages/login/login')
    page.onLoad({ scene: ticket })
    await page.onShow()
    page.onUnload()
    t.equal(page.data.screen.kind, 'ready', String(SDKVersion))
  }
})

await t.test('login page: can be tried again when WeChat has cut off the request', async (t) => {
  const page = await open('pages/login/login')
  page.onLoad({ scene: ticket })
  connected = false
  await page.onShow()
  t.equal(page.data.screen.kind, 'offline')
  connected = true
  await page.onAction(tap({ name: 'retry' }))
  page.onUnload()
  t.equal(page.data.screen.kind, 'ready')
})

await t.test('pages: draw nothing when the answer comes after they were closed', async (t) => {
  for (const [path, query] of [['pages/login/login', { scene: ticket }], ['pages/index/index', {}]] as const) {
    const page = await open(path)
    page.onLoad(query)
    const showing = page.onShow()
    page.onUnload()
    page.setData = () => t.fail(`${path} draws`)
    await showing
  }
})

await t.test('login page: exits, goes to the home page or scans again when that is tapped', async (t) => {
  const page = await open('pages/login/login')
  const action = async (name: string): Promise<string[]> => {
    did.length = 0
    await page.onAction(tap({ name }))
    return [...did]
  }
  t.strictSame(await action('close'), ['exit'])
  t.strictSame(await action('home'), ['reLaunch /pages/index/index'])
  t.strictSame(await action('update'), ['exit'], 'WeChat checks for a newer version at the next start')
  t.strictSame(await action('scan'), [`redirectTo /pages/login/login?scene=${ticket}`])
  scanned = undefined
  t.strictSame(await action('scan'), ["toast That isn't this site's login code"])
  scanned = null
  t.strictSame(await action('scan'), [], 'the person went back')
})

await t.test('home page: shows the browsers, signs one out when that is confirmed, saves a name', async (t) => {
  const page = await open('pages/index/index')
  t.teardown(() => { page.onUnload() })
  page.onLoad({})
  await page.onShow()
  t.hasStrict(page.data.screen.browsers, [{ id: 's1', title: 'Chrome · Linux' }])
  t.equal(page.data.words.scanHelp, "Open login\u200b.example\u200b.com's login page and scan its code")
  const [row] = page.data.screen.browsers
  did.length = 0
  agrees = false
  await page.onSignOut(tap(row))
  t.strictSame(did, ['Log out Chrome · Linux? That device will have to scan again. Yes/No'])
  t.equal(page.data.screen.browsers.length, 1)
  agrees = true
  await page.onSignOut(tap(row))
  t.strictSame(page.data.screen.browsers, [])

  t.hasStrict(page.data, { isNaming: false, isChanged: false, screen: { setName: 'Set a name' } })
  page.onNaming()
  await page.onSave()
  page.onName({ detail: { value: '  ' } })
  t.hasStrict(page.data, { isNaming: true, isChanged: false })
  page.onName({ detail: { value: ' Mei ' } })
  t.equal(page.data.isChanged, true)
  page.onHide()
  await page.onShow()
  t.equal(page.data.screen.input, ' Mei ', 'what is being typed survives a redraw')
  did.length = 0
  await page.onSave()
  t.strictSame(did, ['toast Saved'])
  t.hasStrict(page.data, { isNaming: false, isChanged: false, screen: { input: 'Mei', name: 'Mei', setName: 'Change name' } })
  t.strictSame(sent(), ['GET sessions', 'DELETE s1', 'GET sessions', 'PUT profile'])
  for (const { method, data } of requests) t.equal(typeof data, method === 'GET' ? 'undefined' : 'string', `${method}: what is sent without a text differs between phones, and the bytes are signed`)

  page.onNaming()
  page.onName({ detail: { value: 'Mei ' } })
  await page.onSave()
  t.equal(sent().filter((call) => call === 'PUT profile').length, 1, 'nothing is sent when nothing has changed')
  page.onName({ detail: { value: 'Meili' } })
  page.onHide()
  await page.onShow()
  t.hasStrict(page.data, { isNaming: true, isChanged: true, screen: { input: 'Meili' } }, 'what is typed after that is not lost')
  connected = false
  page.onHide()
  await page.onShow()
  t.equal(page.data.screen.failure, "You're offline. Try again once you are connected.")
  connected = true
  await page.onRetry()
  t.hasStrict(page.data.screen, { failure: '', input: 'Meili' })
})

await t.test('home page: logs out a login that is still to open with its ticket, and says what ending it can\'t do for another site', async (t) => {
  const end = 's9?ticket=t9'
  answers[end] = { status: 204, body: '' }
  const before = answers.scan
  answers.scan = offer({ state: 'confirmed', session: 's9' })
  const browser = { name: 'Firefox', system: 'Linux', ip: '', network: null, place: null, placeEn: null }
  storage.set('scan-login-logins', JSON.stringify([{ ticket: 't9', session: 's9', endsAt: Date.now() + 60_000, browser, site: 'Shop' }]))
  t.teardown(() => {
    if (before !== undefined) answers.scan = before
    storage.delete('scan-login-logins')
  })
  const page = await openFresh('pages/index/index')
  t.teardown(() => { page.onUnload() })
  page.onLoad({})
  await page.onShow()
  const [row] = page.data.screen.browsers
  t.hasStrict(row, { ticket: 't9', site: 'Shop', title: 'Shop' })
  did.length = 0
  await page.onSignOut(tap(row))
  t.strictSame(did, ['Log out here? Shop may still keep that device logged in. Check there, too. Yes/No'])
  t.strictSame(sent().slice(-1), [`DELETE ${end}`])
  t.strictSame(page.data.screen.browsers.map(({ id }: { id: string }) => id), ['s1'])
})

await t.test('home page: opens the login page with the ticket of the code that was scanned', async (t) => {
  const page = await open('pages/index/index')
  t.teardown(() => { page.onUnload() })
  page.onLoad({})
  for (const [path, expected] of [
    [`pages/login/login?scene=${ticket}`, [`navigateTo /pages/login/login?scene=${ticket}`]],
    ['pages/login/login?scene=x', ["toast That isn't this site's login code"]],
    [null, []],
  ] as const) {
    scanned = path
    did.length = 0
    await page.onScan()
    t.strictSame(did, expected)
  }
})

const listed = (id: string, state: string, name: string | null = null) => ({ id, handle: `wx-${id.padEnd(16, 'a')}`, name, state, groups: [], first_seen_at: '2026-11-23T02:00:00Z', last_seen_at: '2026-11-23T02:00:00Z' })

const openPeople = async (t: Test, query: object = { state: 'waiting' }): Promise<Definition> => {
  Object.assign(answers, {
    'people?state=waiting': ok({ people: [listed('p1', 'waiting', 'Mei'), listed('p2', 'waiting')], next: 'n1' }),
    'people?state=waiting&after=n1': ok({ people: [listed('p3', 'waiting')], next: null }),
    'people?state=active': ok({ people: [listed('p4', 'active', 'Bo')], next: null }),
    'people?search=me': ok({ people: [listed('p1', 'waiting', 'Mei')], next: null }),
    allow: ok(listed('p1', 'active', 'Mei')),
    block: ok(listed('p1', 'blocked', 'Mei')),
    'sign-out': ok(listed('p4', 'active', 'Bo')),
  })
  const page = await open('pages/people/people')
  t.teardown(() => { page.onUnload() })
  page.onLoad(query)
  await page.onShow()
  did.length = 0
  return page
}
const rows = (page: Definition): string[] => page.data.screen.people.map(({ id }: { id: string }) => id)

await t.test('people page: lets in with one tap, and says so', async (t) => {
  const page = await openPeople(t)
  t.strictSame(rows(page), ['p1', 'p2'])
  await page.onDecide(tap({ id: 'p1', name: 'allow' }))
  t.strictSame(did, ['toast Mei can log in now'])
  t.strictSame(rows(page), ['p2'])
  t.strictSame(sent(), ['GET people?state=waiting', 'POST allow'])
})

await t.test('people page: a second tap, which would now hit the row that moved up, decides nothing until the rows have stood still', async (t) => {
  const page = await openPeople(t)
  await Promise.all([page.onDecide(tap({ id: 'p1', name: 'allow' })), page.onDecide(tap({ id: 'p2', name: 'allow' }))])
  t.equal(page.data.isArmed, false)
  await page.onDecide(tap({ id: 'p2', name: 'allow' }))
  t.strictSame(sent(), ['GET people?state=waiting', 'POST allow'])
  waitForButtons(page)
  await page.onDecide(tap({ id: 'p2', name: 'allow' }))
  t.strictSame(sent(), ['GET people?state=waiting', 'POST allow', 'POST allow'])
})

await t.test('people page: the same row decides nothing for a while when its buttons have become others', async (t) => {
  const page = await openPeople(t)
  await page.onSearchNow({ detail: { value: 'me' } })
  waitForButtons(page)
  await page.onDecide(tap({ id: 'p1', name: 'block' }))
  t.hasStrict(page.data, { isArmed: false, screen: { people: [{ id: 'p1', actions: [{ name: 'allow' }] }] } })
  await page.onDecide(tap({ id: 'p1', name: 'allow' }))
  t.strictSame(sent(), ['GET people?state=waiting', 'GET people?search=me', 'POST block'])
  waitForButtons(page)
  await page.onDecide(tap({ id: 'p1', name: 'allow' }))
  t.equal(sent().at(-1), 'POST allow')
})

await t.test('people page: rows that are added below move none, and the buttons go on reacting', async (t) => {
  const page = await openPeople(t)
  await page.onReachBottom()
  t.strictSame(rows(page), ['p1', 'p2', 'p3'])
  t.equal(page.data.isArmed, true)
  answers['people?state=waiting'] = ok({ people: [listed('p9', 'waiting'), listed('p1', 'waiting', 'Mei')], next: null })
  await page.onPullDownRefresh()
  t.strictSame(did, ['stopPullDownRefresh'])
  t.strictSame(rows(page), ['p9', 'p1'])
  t.equal(page.data.isArmed, false)
})

await t.test('people page: asks before a block and before a sign-out, says what they do, and does nothing on a no', async (t) => {
  const page = await openPeople(t)
  agrees = false
  t.teardown(() => { agrees = true })
  await page.onDecide(tap({ id: 'p1', name: 'block' }))
  t.strictSame(did.splice(0), ["Block Mei? They are logged out everywhere at once, and can't log in until you let them in again. Yes/No"])
  t.strictSame(rows(page), ['p1', 'p2'])
  agrees = true
  await page.onDecide(tap({ id: 'p1', name: 'block' }))
  t.strictSame(did.splice(0).slice(1), ['toast Mei is blocked and logged out'])
  await page.onSegment(tap({ state: 'active' }))
  waitForButtons(page)
  await page.onDecide(tap({ id: 'p4', name: 'sign-out' }))
  t.strictSame(did.splice(0), ['Log Bo out everywhere? They will have to scan again. Yes/No', 'toast Bo is logged out everywhere'])
  t.strictSame(rows(page), ['p4'])
  t.strictSame(sent(), ['GET people?state=waiting', 'POST block', 'GET people?state=active', 'POST sign-out'])
})

await t.test('people page: opens one question when a button is tapped twice, and says nothing of a refused call but in its row', async (t) => {
  const page = await openPeople(t)
  answers.block = problem(404, 'not-found')
  await Promise.all([page.onDecide(tap({ id: 'p1', name: 'block' })), page.onDecide(tap({ id: 'p1', name: 'block' }))])
  t.equal(did.length, 1)
  t.strictSame(rows(page), ['p1', 'p2'])
  t.equal(page.data.screen.people[0].failure, 'They have deleted their data.')
})

await t.test('people page: searches once nothing has been typed for a while, at once with the keyboard\'s button, and clears the input', async (t) => {
  const timers: Array<() => void> = []
  const { setTimeout, clearTimeout } = globalThis
  t.teardown(() => { Object.assign(globalThis, { setTimeout, clearTimeout }) })
  const page = await openPeople(t, {})
  globalThis.setTimeout = ((run: () => void) => timers.push(run)) as unknown as typeof setTimeout
  globalThis.clearTimeout = ((timer: number) => { timers[timer - 1] = () => {} }) as typeof clearTimeout
  for (const value of ['m', 'me']) page.onSearch({ detail: { value } })
  t.equal(page.data.isSearching, true)
  t.strictSame(sent(), ['GET people?state=waiting'])
  for (const run of timers.splice(0)) run()
  await new Promise((resolve) => { setTimeout(resolve) })
  t.strictSame(sent(), ['GET people?state=waiting', 'GET people?search=me'])
  t.hasStrict(page.data.screen, { segments: [], people: [{ id: 'p1', marks: [{ text: 'Waiting' }] }] })
  await page.onClearSearch()
  t.hasStrict(page.data, { input: '', isSearching: false, screen: { segments: [{ isChosen: true }, {}, {}] } })
  await page.onSearchNow({ detail: { value: 'me' } })
  t.strictSame(sent().slice(-2), ['GET people?state=waiting', 'GET people?search=me'])
})

await t.test('people page: tells whoever is no owner, and leads home', async (t) => {
  const page = await openPeople(t)
  answers['people?state=waiting'] = problem(403, 'not-owner')
  await page.onRetry()
  t.hasStrict(page.data.screen, { people: [], failure: "Only the site's owner can do this.", retry: false })
  page.onHome()
  t.strictSame(did, ['reLaunch /pages/index/index'])
})

await t.test('home page: leads an owner to the people', async (t) => {
  const before = answers.sessions
  answers.sessions = ok({ sessions: [], registration: 'approval', state: 'active', people_waiting: 2 })
  t.teardown(() => { if (before !== undefined) answers.sessions = before })
  const page = await open('pages/index/index')
  t.teardown(() => { page.onUnload() })
  page.onLoad({})
  await page.onShow()
  did.length = 0
  page.onPeople()
  page.onPeople()
  t.strictSame(did.splice(0), ['navigateTo /pages/people/people?state=waiting'], 'once when tapped twice')
  answers.sessions = ok({ sessions: [], registration: 'approval', state: 'active', people_waiting: 0 })
  page.onHide()
  await page.onShow()
  did.length = 0
  await page.onPullDownRefresh()
  t.strictSame(did, ['stopPullDownRefresh'])
  page.onPeople()
  t.equal(did.at(-1), 'navigateTo /pages/people/people?state=active')
  t.equal(page.data.screen.audience, 'The owner of login\u200b.example\u200b.com decides who may come in.')
})

await t.test('home page: deletes the data when that is confirmed, and begins anew when it is shown again', async (t) => {
  answers.person = { status: 204, body: '' }
  const page = await openFresh('pages/index/index')
  t.teardown(() => { page.onUnload() })
  page.onLoad({ naming: 'true' })
  await page.onShow()
  t.equal(page.data.isNaming, true)
  did.length = 0
  agrees = false
  await page.onDeleteData()
  agrees = true
  t.strictSame(did.splice(0), ["Delete your name, all your logins and the record that you were here? That can't be undone. Yes/No"])
  t.notOk(sent().includes('DELETE person'))
  await page.onDeleteData()
  t.hasStrict(page.data, { isNaming: false, screen: { end: { line: 'Your data is deleted' } } })
  t.strictSame([...storage], [])
  page.onHide()
  await page.onShow()
  t.equal(page.data.screen.end.line, '')
  page.onClose()
  t.strictSame(did.slice(-1), ['exit'])
})

await t.test('login page: leads whoever waits to the input of their name', async (t) => {
  const before = answers.scan
  answers.scan = problem(403, 'person-waiting')
  t.teardown(() => { if (before !== undefined) answers.scan = before })
  const page = await open('pages/login/login')
  page.onLoad({ scene: ticket })
  await page.onShow()
  t.teardown(() => { page.onUnload() })
  did.length = 0
  await page.onAction(tap({ name: 'name' }))
  t.strictSame(did, ['reLaunch /pages/index/index?naming=true'])
})
