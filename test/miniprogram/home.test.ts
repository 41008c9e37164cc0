import t from 'tap'
import '../support/miniprogram.ts'
import { createFakePhone, grant, held, offer, ok, problem, serviceUrl, startMs } from './fake-phone.ts'
import type { FakeReply } from './fake-phone.ts'
import type { Reply } from '../../miniprogram/utils/ports'

const { createService } = await import('../../miniprogram/utils/service.ts')
const { createHome } = await import('../../miniprogram/pages/index/home.ts')
const { homeScreenOf } = await import('../../miniprogram/pages/index/screen.ts')
const { wordsFor } = await import('../../miniprogram/utils/words.ts')

const session = (id: string, place: string | null = null, placeEn = place) => ({
  id,
  browser: { name: 'Chrome 151', system: 'Windows 11', ip: '203.0.113.7', network: '203.0.113.0/24', place, place_en: placeEn },
  created_at: '2026-11-23T01:00:00Z',
  last_seen_at: '2026-11-23T02:00:00Z',
  expires_at: '2026-12-23T01:00:00Z',
})
const two = ok({ sessions: [session('s1'), session('s2', '上海', 'Shanghai')] })

/** Stores the name, as the service does. */
const renamed: FakeReply = ({ body }) => {
  const { name } = JSON.parse(body ?? '{}') as { name: string }
  return ok({ user: { sub: 'sub-of-mei', name: name === '' ? null : name } })
}

const everywhere = (answer: FakeReply): FakeReply => (request) => {
  if (request.method !== 'DELETE') return two
  return typeof answer === 'function' ? answer(request) : answer as Reply
}

const start = (answers: Record<string, FakeReply | FakeReply[]> = {}) => {
  const { phone, platform } = createFakePhone({ sessions: two, s1: { status: 204, body: '' }, profile: renamed, ...answers })
  const home = createHome(createService(platform, serviceUrl), () => {})
  return { phone, home, ids: () => home.view().sessions?.map(({ id }) => id) }
}

await t.test('home: shows who this is and where they are logged in', async (t) => {
  const { home } = start()
  await home.read()
  const screen = homeScreenOf(home.view(), wordsFor('en'), startMs)
  t.hasStrict(screen, { name: 'WeChat user', initial: '', setName: 'Set a name', known: true, failure: '', empty: '' })
  t.strictSame(screen.browsers, [
    { id: 's1', ticket: '', site: '', title: 'Chrome 151 · Windows 11', heading: 'Chrome 151 · Windows 11', isPhone: false, fresh: '', details: [{ text: '203.0.113.*' }, { text: '20 seconds ago' }] },
    { id: 's2', ticket: '', site: '', title: 'Chrome 151 · Windows 11', heading: 'Chrome 151 · Windows 11', isPhone: false, fresh: '', details: [{ text: 'Shanghai' }, { text: '20 seconds ago' }] },
  ])
  t.strictSame(homeScreenOf(home.view(), wordsFor('zh'), startMs).browsers[1]?.details, [{ text: '上海' }, { text: '20 秒前' }])
})

await t.test('home: the sign of a person is the first character of their name, an emoji and a flag whole', async (t) => {
  for (const [name, initial] of [['Mei', 'M'], ['小雨', '小'], ['👧 Mei', '👧'], ['🇨🇳🇨🇳', '🇨🇳'], ['🇨', '🇨'], ['🇨x', '🇨']] as const) {
    const { home } = start({ login: grant('key_1', startMs / 1000, { user: { sub: 'sub-of-mei', name } }) })
    await home.read()
    t.equal(homeScreenOf(home.view(), wordsFor('en'), startMs).initial, initial, name)
  }
})

await t.test('home: a login for another site is listed under that site\'s name', async (t) => {
  const { home } = start({ sessions: ok({ sessions: [{ ...session('s1', '上海', 'Shanghai'), site: { name: 'shop.example', origin: 'https://shop.example' } }, { ...session('s2'), site: { name: 7 } }] }) })
  await home.read()
  t.hasStrict(homeScreenOf(home.view(), wordsFor('en'), startMs).browsers, [
    { id: 's1', title: 'shop.example', heading: 'shop\u200b.example', details: [{ text: 'Chrome 151 · Windows 11' }, { text: 'Shanghai' }, { text: '20 seconds ago' }] },
    { id: 's2', title: 'Chrome 151 · Windows 11', details: [{ text: '203.0.113.*' }, { text: '20 seconds ago' }] },
  ])
})

await t.test('home: marks a login of the last ten minutes, and one of a phone', async (t) => {
  const createdAgo = (ms: number) => new Date(startMs - ms).toISOString()
  const iPhone = { ...session('s3').browser, name: 'Safari', system: 'iOS 26' }
  const { home } = start({ sessions: ok({ sessions: [{ ...session('s1'), created_at: createdAgo(599_000) }, { ...session('s2'), created_at: createdAgo(600_000) }, { ...session('s3'), browser: iPhone, created_at: undefined }] }) })
  await home.read()
  for (const [language, fresh] of [['en', 'New'], ['zh', '刚登录'], ['zh-TW', '剛登入']] as const) {
    t.strictSame(homeScreenOf(home.view(), wordsFor(language), startMs).browsers.map((row) => [row.fresh, row.isPhone]), [[fresh, false], ['', false], ['', true]])
  }
})

await t.test('home: offers to log out everywhere once the list is known, as another phone may act for this person even when no browser does', async (t) => {
  const { home } = start({ s2: { status: 204, body: '' } })
  t.equal(homeScreenOf(home.view(), wordsFor('en'), startMs).signOutAll, '')
  await home.read()
  t.equal(homeScreenOf(home.view(), wordsFor('en'), startMs).signOutAll, 'Log out everywhere')
  await home.signOut('s1')
  t.equal(homeScreenOf(home.view(), wordsFor('en'), startMs).signOutAll, 'Log out everywhere')
  await home.signOut('s2')
  t.equal(homeScreenOf(home.view(), wordsFor('en'), startMs).signOutAll, 'Log out my other phones')
})

const kept = (ticket: string, session: string | undefined, more: object = {}) => ({
  ticket,
  ...(session !== undefined && { session }),
  endsAt: startMs + 150_000,
  browser: { name: 'Firefox', system: 'Android 16', ip: '', network: '198.51.100.*', place: null, placeEn: null },
  site: null,
  ...more,
})

const startKept = (answers: Record<string, FakeReply | FakeReply[]>, logins: ReadonlyArray<ReturnType<typeof kept>>) => {
  const { phone, platform } = createFakePhone({ sessions: ok({ sessions: [] }), ...answers })
  const service = createService(platform, serviceUrl)
  for (const login of logins) service.keepLogin(login)
  const home = createHome(service, () => {})
  return { phone, platform, service, home, drawn: (language = 'en') => homeScreenOf(home.view(), wordsFor(language), startMs) }
}

await t.test('home: a login that was confirmed and whose browser hasn\'t got in yet is on top, and can be logged out', async (t) => {
  const { home, drawn, phone } = startKept({ sessions: two, 's9?ticket=t9': { status: 204, body: '' } }, [kept('t9', 's9')])
  t.hasStrict(drawn(), { loading: true, empty: '', browsers: [{ id: 't9' }] }, 'also before the service has answered')
  await home.read()
  t.strictSame(drawn().browsers.map(({ id }) => id), ['t9', 's1', 's2'])
  for (const [language, text] of [['en', 'Just confirmed, not logged in yet'], ['zh', '刚确认，还没登录完成'], ['zh-TW', '剛確認，還沒登入完成']] as const) {
    t.hasStrict(drawn(language).browsers[0], { ticket: 't9', title: 'Firefox · Android 16', isPhone: true, details: [{ text }, { text: '198.51.100.*' }] })
  }
  await Promise.all([home.endWaiting('t9'), home.endWaiting('t9')])
  t.strictSame(drawn().browsers.map(({ id }) => id), ['s1', 's2'])
  t.strictSame(phone.calls().filter((call) => call.startsWith('DELETE')), ['DELETE s9?ticket=t9'])
})

await t.test('home: never says that nobody is logged in while such a login waits, until its ticket ends', async (t) => {
  const { home, drawn, phone } = startKept({ 's9?ticket=t9': problem(404, 'not-found') }, [kept('t9', 's9')])
  await home.read()
  t.hasStrict(drawn(), { empty: '', browsers: [{ id: 't9' }] })
  await home.endWaiting('t9')
  t.hasStrict(drawn(), { empty: '', failure: wordsFor('en').failures.internal, browsers: [{ id: 't9' }] }, 'it could not be ended')
  phone.now += 150_000
  await home.read()
  t.hasStrict(drawn(), { empty: 'Not logged in anywhere', browsers: [] })
})

await t.test('home: such a login is gone once the person is blocked', async (t) => {
  const { home, drawn, platform } = startKept({ sessions: problem(403, 'person-blocked') }, [kept('t9', 's9')])
  await home.read()
  t.hasStrict(drawn(), { notice: { title: "This site doesn't let you log in" }, browsers: [] })
  t.strictSame(createService(platform, serviceUrl).waitingLogins(), [])
  const ending = startKept({ 's9?ticket=t9': problem(403, 'person-blocked') }, [kept('t9', 's9')])
  await ending.home.read()
  await ending.home.endWaiting('t9')
  t.hasStrict(ending.drawn(), { failure: '', browsers: [] }, 'blocked since then: logged in nowhere')
})

await t.test('home: such a login is listed once, by the service, when its browser has got in', async (t) => {
  const { home, drawn, platform } = startKept({ sessions: two }, [kept('t1', 's1')])
  await home.read()
  t.strictSame(drawn().browsers.map(({ id, ticket }) => [id, ticket]), [['s1', ''], ['s2', '']])
  t.strictSame(createService(platform, serviceUrl).waitingLogins(), [])
})

await t.test('home: such a login goes when its ticket can\'t log anybody in any more, and is in the list if it has', async (t) => {
  for (const scan of [problem(409, 'ticket-consumed', { session: 's1' }), problem(409, 'ticket-expired'), problem(409, 'ticket-cancelled'), problem(404, 'ticket-not-found'), offer()]) {
    const { home, drawn, phone } = startKept({ scan, sessions: [ok({ sessions: [] }), two] }, [kept('t1', 's1')])
    await home.read()
    t.strictSame(drawn().browsers.map(({ id }) => id), ['s1', 's2'])
    t.strictSame(phone.calls().slice(1), ['GET sessions', 'POST scan', 'GET sessions'])
  }
  for (const scan of [offer({ state: 'confirmed', session: 's1' }), 'lost' as const, problem(429, 'rate-limited')]) {
    const { home, drawn, phone } = startKept({ scan }, [kept('t1', 's1')])
    await home.read()
    t.strictSame(drawn().browsers.map(({ id }) => id), ['t1'])
    t.strictSame(phone.calls().slice(1), ['GET sessions', 'POST scan'])
  }
})

await t.test('home: reads again every few seconds while such a login waits, and only then', async (t) => {
  const { home, drawn, phone } = startKept({ scan: offer({ state: 'confirmed', session: 's1' }), sessions: [ok({ sessions: [] }), two] }, [kept('t1', 's1')])
  await home.read()
  t.strictSame(drawn().browsers.map(({ ticket }) => ticket), ['t1'])
  await home.tick()
  t.strictSame(drawn().browsers.map(({ ticket }) => ticket), ['', ''])
  const calls = phone.calls().length
  await home.tick()
  t.equal(phone.calls().length, calls)
})

await t.test('home: no such login stays when all are signed out, and at most eight are kept', async (t) => {
  const { home, drawn, service } = startKept({ sessions: everywhere({ status: 204, body: '' }) }, Array.from({ length: 9 }, (_, at) => kept(`t${at}`, `x${at}`)))
  t.strictSame(service.waitingLogins().map(({ ticket }) => ticket), ['t8', 't7', 't6', 't5', 't4', 't3', 't2', 't1'])
  await home.read()
  await home.signOutEverywhere()
  t.hasStrict(drawn(), { empty: 'Not logged in anywhere', browsers: [] })
})

await t.test('home: a login whose confirmation had no answer is cancelled, or ended, when that is tapped', async (t) => {
  const { home, drawn, phone } = startKept({ cancel: [ok({ state: 'cancelled' }), problem(409, 'ticket-confirmed', { session: 's9' })], 's9?ticket=t2': { status: 204, body: '' } }, [kept('t1', undefined), kept('t2', undefined)])
  await home.read()
  await home.endWaiting('t1')
  await home.endWaiting('t2')
  t.strictSame(drawn().browsers, [])
  t.strictSame(phone.calls().slice(-3), ['POST cancel', 'POST cancel', 'DELETE s9?ticket=t2'])
})

await t.test('home: says so when the phone\'s clock is off', async (t) => {
  const { home } = start()
  await home.read()
  t.equal(homeScreenOf(home.view(), wordsFor('en'), startMs, true).clock, "Your phone's clock is off. That's taken care of.")
  t.equal(homeScreenOf(home.view(), wordsFor('en'), startMs).clock, '')
})

await t.test('home: sends one call and shortens the list when a browser is signed out, also when tapped twice', async (t) => {
  const { home, phone, ids } = start()
  await home.read()
  await Promise.all([home.signOut('s1'), home.signOut('s1')])
  t.strictSame(phone.calls().filter((call) => call.startsWith('DELETE')), ['DELETE s1'])
  t.strictSame(ids(), ['s2'])
  t.equal(home.view().busy, false)
})

await t.test('home: sends one call and empties the list when all are signed out, also when tapped twice', async (t) => {
  const { home, phone, ids } = start({ sessions: everywhere({ status: 204, body: '' }) })
  await home.read()
  await Promise.all([home.signOutEverywhere(), home.signOutEverywhere(), home.signOut('s1')])
  t.strictSame(phone.calls().filter((call) => call.startsWith('DELETE')), ['DELETE sessions'])
  t.strictSame(ids(), [])
  t.equal(homeScreenOf(home.view(), wordsFor('en'), startMs).empty, 'Not logged in anywhere')
})

await t.test('home: nothing can be tapped while all are being signed out, and a list requested meanwhile is ignored', async (t) => {
  const gone = held<Reply>()
  const { home, ids } = start({ sessions: everywhere(() => gone.promise) })
  await home.read()
  const signingOut = home.signOutEverywhere()
  t.equal(homeScreenOf(home.view(), wordsFor('zh'), startMs).busy, true)
  await home.read()
  gone.settle({ status: 204, body: '' })
  await signingOut
  t.strictSame(ids(), [])
  t.equal(home.view().busy, false)
})

await t.test('home: all browsers stay and the reason is shown when signing out everywhere fails', async (t) => {
  const { home, ids } = start({ sessions: everywhere(problem(503, 'store-unavailable')) })
  await home.read()
  await home.signOutEverywhere()
  t.strictSame(ids(), ['s1', 's2'])
  t.hasStrict(home.view(), { failure: 'store-unavailable', busy: false })
})

await t.test('home: the browser stays and the reason is shown when the sign-out fails', async (t) => {
  const { home, ids } = start({ s1: problem(503, 'store-unavailable') })
  await home.read()
  await home.signOut('s1')
  t.strictSame(ids(), ['s1', 's2'])
  t.hasStrict(home.view(), { failure: 'store-unavailable', busy: false })
})

await t.test('home: a list is ignored when a browser was signed out after it was requested', async (t) => {
  const late = held<Reply>()
  const { home, ids } = start({ sessions: [two, () => late.promise] })
  await home.read()
  const reading = home.read()
  await home.signOut('s1')
  late.settle(two)
  await reading
  t.strictSame(ids(), ['s2'])
})

await t.test('home: a list is ignored when it was requested during a sign-out', async (t) => {
  const [late, gone] = [held<Reply>(), held<Reply>()]
  const { home, ids } = start({ sessions: [two, () => late.promise], s1: () => gone.promise })
  await home.read()
  const signingOut = home.signOut('s1')
  const reading = home.read()
  gone.settle({ status: 204, body: '' })
  await signingOut
  late.settle(two)
  await reading
  t.strictSame(ids(), ['s2'])
})

await t.test('home: shows the person of the new key when the key was renewed', async (t) => {
  const { home } = start({
    login: [grant('key_1', startMs / 1000), grant('key_2', startMs / 1000, { user: { sub: 'sub-of-mei', name: 'Mei' } })],
    sessions: [two, problem(401, 'key-unknown'), two],
  })
  await home.read()
  t.equal(home.view().user?.name, null)
  await home.read()
  t.equal(home.view().user?.name, 'Mei')
})

await t.test('home: shows the name once it is stored, and not before the person is known', async (t) => {
  const { home } = start()
  t.equal(await home.rename('too early'), false)
  await home.read()
  t.equal(await home.rename(' 小明 '), true)
  t.hasStrict(homeScreenOf(home.view(), wordsFor('zh'), startMs), { name: '小明', input: '小明', initial: '小', setName: '修改昵称' })
  await home.rename('')
  t.hasStrict(homeScreenOf(home.view(), wordsFor('zh'), startMs), { name: '微信用户', setName: '设置昵称', input: '', initial: '' })
})

await t.test('home: keeps the name it had when the new one is refused', async (t) => {
  const { home } = start({ profile: [problem(400, 'bad-request', { reason: 'office' }), problem(400, 'bad-request')] })
  await home.read()
  t.equal(await home.rename('管理员'), false)
  t.hasStrict(home.view(), { user: { name: null }, failure: 'name-office', busy: false })
  t.match(homeScreenOf(home.view(), wordsFor('zh'), startMs).failure, /管理员/)
  await home.rename('x'.repeat(33))
  t.hasStrict(home.view(), { user: { name: null }, failure: 'name-refused', busy: false })
})

await t.test('home: keeps what it shows, and shows why, when reading fails', async (t) => {
  const { home, ids } = start({ sessions: [two, 'lost', two] })
  await home.read()
  await home.read()
  t.strictSame(ids(), ['s1', 's2'])
  t.equal(home.view().failure, 'no-answer')
  await home.read()
  t.equal(home.view().failure, undefined)
})

await t.test('home: shows a skeleton while it is read, that there are no browsers, and only the failure when there is one', async (t) => {
  const { home } = start({ sessions: ok({ sessions: [] }) })
  t.hasStrict(homeScreenOf(home.view(), wordsFor('en'), startMs), { loading: true, empty: '' })
  await home.read()
  t.hasStrict(homeScreenOf(home.view(), wordsFor('en'), startMs), { loading: false, empty: 'Not logged in anywhere' })
  const blocked = start({ login: problem(403, 'wechat-user-blocked') })
  await blocked.home.read()
  t.hasStrict(homeScreenOf(blocked.home.view(), wordsFor('en'), startMs), { known: false, name: '', loading: false, empty: '', failure: 'WeChat has restricted this account.' })
})

const overview = (more: object): Reply => ok({ sessions: [], registration: 'open', state: 'active', ...more })

await t.test('home: an owner is told how many people wait, and led to them; nobody else sees that there is such a page', async (t) => {
  for (const [count, line, state] of [[0, 'People', 'active'], [1, '1 person waits to be let in', 'waiting'], [2, '2 people wait to be let in', 'waiting']] as const) {
    const { home } = start({ sessions: overview({ people_waiting: count }) })
    t.equal(homeScreenOf(home.view(), wordsFor('en'), startMs).people, '')
    await home.read()
    t.hasStrict(homeScreenOf(home.view(), wordsFor('en'), startMs), { people: line, peopleState: state })
  }
  const { home } = start({ sessions: [overview({ people_waiting: 2 }), overview({})] })
  await home.read()
  t.equal(homeScreenOf(home.view(), wordsFor('zh'), startMs).people, '有 2 人等你同意')
  await home.read()
  t.equal(homeScreenOf(home.view(), wordsFor('zh'), startMs).people, '', 'nor an owner who is none any more')
})

await t.test('home: says for whom the mini program is where not everybody may come in, in all languages', async (t) => {
  const said = async (registration: string): Promise<string[]> => {
    const { home } = start({ sessions: overview({ registration }) })
    await home.read()
    return ['en', 'zh', 'zh-TW'].map((language) => homeScreenOf(home.view(), wordsFor(language), startMs, false, 'a.example').audience)
  }
  t.strictSame(await said('open'), ['', '', ''])
  t.strictSame(await said('approval'), ['The owner of a\u200b.example decides who may come in.', '谁能登录 a\u200b.example，由网站管理员决定。', '誰能登入 a\u200b.example，由網站管理員決定。'])
  t.strictSame(await said('closed'), ['Only people whom a\u200b.example knows can log in.', '仅供 a\u200b.example 名单里的人使用。', '僅供 a\u200b.example 名單裡的人使用。'])
})

await t.test('home: says what happens next to whoever waits or isn\'t known, and asks for what helps', async (t) => {
  const drawn = async (state: string, registration: string, name: string | null = null) => {
    const { home } = start({ login: grant('key_1', startMs / 1000, { user: { sub: 'sub-of-mei', name } }), sessions: overview({ state, registration }) })
    await home.read()
    return homeScreenOf(home.view(), wordsFor('en'), startMs)
  }
  const asked = wordsFor('en').ends['person-waiting']
  t.hasStrict(await drawn('waiting', 'approval'), { notice: { title: asked.line, text: `${asked.help}\nSet a name, so that the owner sees who asks.` }, canName: true, canScan: true, empty: '', signOutAll: '', deleteData: 'Delete my data' })
  t.hasStrict(await drawn('waiting', 'approval', 'Mei'), { notice: { text: asked.help } })
  t.hasStrict(await drawn('waiting', 'closed'), { notice: { title: asked.line }, empty: '' })
  t.hasStrict(await drawn('waiting', 'open'), { notice: { title: '' }, canName: true, empty: 'Not logged in anywhere', signOutAll: 'Log out my other phones' }, 'the next scan lets them in')
  t.hasStrict(await drawn('unknown', 'approval'), { notice: { title: "This site doesn't know you yet", text: 'Scan a login code. The owner is then asked to let you in.' }, canName: false, canScan: true, deleteData: 'Delete my data' })
  t.hasStrict(await drawn('unknown', 'closed'), { notice: { title: "This site doesn't know you yet", text: wordsFor('en').ends['person-unknown'].help }, canName: false, canScan: true })
  t.hasStrict(await drawn('unknown', 'open'), { notice: { title: '' }, canName: true, empty: 'Not logged in anywhere' })
  for (const registration of ['open', 'approval', 'closed']) t.hasStrict(await drawn('active', registration), { notice: { title: '' }, canName: true, empty: 'Not logged in anywhere' })
})

await t.test('home: whoever was logged in before people were recorded is no stranger, and can log out everywhere', async (t) => {
  for (const registration of ['approval', 'closed']) {
    const { home } = start({ sessions: overview({ state: 'unknown', registration, sessions: [session('s1')] }) })
    await home.read()
    t.hasStrict(homeScreenOf(home.view(), wordsFor('en'), startMs), { notice: { title: '' }, canName: true, signOutAll: 'Log out everywhere', browsers: [{ id: 's1' }] })
  }
})

await t.test('home: says before the deletion what it means to this person besides, in all languages', async (t) => {
  const asked = async (more: object, language = 'en'): Promise<string[]> => {
    const { home } = start({ sessions: overview(more) })
    await home.read()
    return homeScreenOf(home.view(), wordsFor(language), startMs).deleteSure.split('\n')
  }
  const [first] = await asked({})
  t.strictSame([first], ["Delete your name, all your logins and the record that you were here? That can't be undone."])
  for (const registration of ['open', 'approval', 'closed']) t.strictSame(await asked({ state: 'unknown', registration }), [first])
  t.strictSame(await asked({ state: 'waiting' }), [first])
  for (const state of ['active', 'waiting']) {
    t.strictSame(await asked({ state, registration: 'approval' }), [first, 'To come back, you have to be let in again.'])
    t.strictSame(await asked({ state, registration: 'closed' }), [first, "You can't come back until the owner adds you again."])
  }
  t.strictSame(await asked({ people_waiting: 0 }), [first, "You won't be an owner any more."])
  t.strictSame(await asked({ people_waiting: 1, registration: 'closed' }), [first, "You won't be an owner any more.", "You can't come back until the owner adds you again."])
  const { home } = start({ sessions: problem(403, 'person-blocked') })
  await home.read()
  t.strictSame(homeScreenOf(home.view(), wordsFor('en'), startMs).deleteSure.split('\n'), [first, 'You stay blocked.'])
  t.strictSame((await asked({ people_waiting: 0, registration: 'approval' }, 'zh')).slice(1), ['你也不再是管理员。', '再来的时候，要重新等管理员同意。'])
  t.strictSame((await asked({ people_waiting: 0, registration: 'closed' }, 'zh-TW')).slice(1), ['你也不再是管理員。', '之後要由管理員重新加入，才能登入。'])
})

await t.test('home: whoever is blocked reads so, by whatever call it is learned, and can only delete their data', async (t) => {
  const blocked = problem(403, 'person-blocked')
  for (const answers of [{ sessions: blocked }, { sessions: [two, blocked] }, { s1: blocked }, { profile: blocked }]) {
    const { home } = start(answers)
    await home.read()
    if (home.view().state !== 'blocked') await home.signOut('s1')
    if (home.view().state !== 'blocked') await home.rename('Mei')
    if (home.view().state !== 'blocked') await home.read()
    t.hasStrict(homeScreenOf(home.view(), wordsFor('en'), startMs), { notice: { title: "This site doesn't let you log in" }, failure: '', browsers: [], empty: '', loading: false, busy: false, signOutAll: '', people: '', canScan: false, canName: false, known: true, deleteData: 'Delete my data' })
  }
  const { home } = start({ sessions: [blocked, two] })
  await home.read()
  await home.read()
  t.hasStrict(homeScreenOf(home.view(), wordsFor('en'), startMs), { notice: { title: '' }, canScan: true, browsers: [{ id: 's1' }, { id: 's2' }] })
})

await t.test('home: deletes the data once when tapped twice, shows that it is gone, and begins as somebody new when read again', async (t) => {
  const { home, phone } = start({ login: [grant('key_1', startMs / 1000, { user: { sub: 'sub-of-mei', name: 'Mei' } }), grant('key_2', startMs / 1000)], person: { status: 204, body: '' }, sessions: [two, overview({ state: 'unknown' })] })
  await home.read()
  await Promise.all([home.erase(), home.erase(), home.read(), home.tick(), home.signOut('s1')])
  t.strictSame(phone.calls(), ['POST login', 'GET sessions', 'DELETE person'], 'no new key is asked for by itself')
  t.hasStrict(homeScreenOf(home.view(), wordsFor('en'), startMs), { end: { line: 'Your data is deleted', help: 'If you log in again, you start as somebody new.' }, browsers: [], name: '', busy: false })
  await home.read()
  t.hasStrict(homeScreenOf(home.view(), wordsFor('en'), startMs), { end: { line: '' }, name: 'WeChat user', known: true, empty: 'Not logged in anywhere' })
})

await t.test('home: a blocked person is told that only the block is kept', async (t) => {
  const { home } = start({ sessions: problem(403, 'person-blocked'), person: { status: 204, body: '' } })
  await home.read()
  await home.erase()
  t.equal(homeScreenOf(home.view(), wordsFor('zh'), startMs).end.help, '只留下了禁止登录的记录。')
})

await t.test('home: everything stays, and the reason is shown, when the deletion fails', async (t) => {
  const { home, ids } = start({ person: ['lost', problem(503, 'store-unavailable')] })
  await home.read()
  for (const failure of ['no-answer', 'store-unavailable'] as const) {
    await home.erase()
    t.hasStrict(home.view(), { failure, busy: false, isErased: false })
    t.strictSame(ids(), ['s1', 's2'])
  }
})
