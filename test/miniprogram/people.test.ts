// The owner's page of people: what is listed, and what each tap sends.
import t from 'tap'
import '../support/miniprogram.ts'
import { createFakePhone, grant, held, ok, problem, serviceUrl, startMs } from './fake-phone.ts'
import type { FakeReply } from './fake-phone.ts'
import type { Reply } from '../../miniprogram/utils/ports'
import type { ListedState } from '../../miniprogram/utils/answers'

const { createService } = await import('../../miniprogram/utils/service.ts')
const { createPeopleList } = await import('../../miniprogram/pages/people/list.ts')
const { peopleScreenOf, whoIsBriefly } = await import('../../miniprogram/pages/people/screen.ts')
const { wordsFor } = await import('../../miniprogram/utils/words.ts')

const person = (id: string, state: string, more: object = {}) => ({
  id,
  handle: `wx-${id.padEnd(16, 'a')}`,
  name: null,
  state,
  groups: [],
  first_seen_at: '2026-11-23T02:00:00Z',
  last_seen_at: '2026-11-23T02:00:00Z',
  ...more,
})
const page = (people: object[], next: string | null = null): Reply => ok({ people, next })
const waiting = 'people?state=waiting'
const active = 'people?state=active'
const twoWaiting = page([person('p1', 'waiting'), person('p2', 'waiting')])

const start = (answers: Record<string, FakeReply | FakeReply[]> = {}, state: ListedState = 'waiting') => {
  const { phone, platform } = createFakePhone({ [waiting]: twoWaiting, [active]: page([person('sub-of-mei', 'active'), person('p3', 'active')]), ...answers })
  const list = createPeopleList(createService(platform, serviceUrl), state, () => {})
  return {
    phone,
    list,
    ids: () => list.view().people?.map(({ id }) => id),
    drawn: (language = 'en') => peopleScreenOf(list.view(), list.ownId(), wordsFor(language), startMs),
    sent: () => phone.calls().filter((call) => call !== 'POST login'),
  }
}

await t.test('people: lists those who wait, with who they are and what an owner may do', async (t) => {
  const mei = person('p1', 'waiting', { name: 'Mei', groups: ['staff', 'beta'], first_seen_at: '2026-11-22T02:00:20Z' })
  const { list, drawn } = start({ [waiting]: page([mei, person('p2', 'waiting', { first_seen_at: null, last_seen_at: null })]) })
  t.hasStrict(drawn(), { loading: true, people: [], empty: '', segments: [{ label: 'Waiting', isChosen: true }, { label: 'Active', isChosen: false }, { label: 'Blocked', isChosen: false }] })
  await list.refresh()
  t.strictSame(drawn().people, [
    {
      id: 'p1',
      title: 'Mei',
      handle: 'wx-p1aaaaaaaaaaaaaa',
      marks: [],
      seen: 'Last seen 20 seconds ago · First seen 1 day ago',
      groups: 'staff · beta',
      failure: '',
      actions: [{ name: 'allow', label: 'Let in', spoken: 'Let in Mei', style: 'small-button--strong' }, { name: 'block', label: 'Block', spoken: 'Block Mei', style: '' }],
    },
    {
      id: 'p2',
      title: 'wx-p2aaaaaaaaaaaaaa',
      handle: '',
      marks: [],
      seen: 'No visits on record',
      groups: '',
      failure: '',
      actions: [{ name: 'allow', label: 'Let in', spoken: 'Let in wx-p2aaaaaaaaaaaaaa', style: 'small-button--strong' }, { name: 'block', label: 'Block', spoken: 'Block wx-p2aaaaaaaaaaaaaa', style: '' }],
    },
  ])
  for (const [language, seen] of [['zh', '最近来访：20 秒前 · 首次来访：1 天前'], ['zh-TW', '最近來訪：20 秒前 · 首次來訪：1 天前']] as const) t.equal(drawn(language).people[0]?.seen, seen)
})

await t.test('people: an owner may do nothing with themselves, and with others what their state allows', async (t) => {
  const { list, drawn, sent } = start({ 'people?state=blocked': page([person('p4', 'blocked')]) }, 'active')
  await list.refresh()
  t.strictSame(drawn().people.map(({ marks, actions }) => [marks.map(({ text }) => text), actions.map(({ label }) => label)]), [[['You'], []], [[], ['Log out everywhere', 'Block']]])
  for (const decision of ['allow', 'block', 'sign-out'] as const) t.equal(await list.decide('sub-of-mei', decision), undefined)
  t.equal(await list.decide('p3', 'allow'), undefined)
  await list.choose('blocked')
  t.strictSame(drawn().people[0]?.actions.map(({ label }) => label), ['Let in again'])
  t.strictSame(sent(), [`GET ${active}`, 'GET people?state=blocked'])
})

await t.test('people: whoever is let in, blocked or let in again leaves the list; a sign-out leaves them in it', async (t) => {
  for (const [state, decision, becomes, left] of [['waiting', 'allow', 'active', ['p2']], ['waiting', 'block', 'blocked', ['p2']], ['active', 'sign-out', 'active', ['p1', 'p2']], ['active', 'block', 'blocked', ['p2']], ['blocked', 'allow', 'active', ['p2']]] as const) {
    const { list, ids } = start({ [`people?state=${state}`]: page([person('p1', state), person('p2', state)]), [decision]: ok(person('p1', becomes)) }, state)
    await list.refresh()
    t.hasStrict(await list.decide('p1', decision), { id: 'p1', state: becomes })
    t.strictSame(ids(), left, `${state} ${decision}`)
    t.hasStrict(list.view(), { busyId: undefined, refused: undefined })
  }
})

await t.test('people: one call is sent when a button is tapped twice, or another one meanwhile', async (t) => {
  const answer = held<Reply>()
  const { list, sent, ids, drawn } = start({ allow: () => answer.promise, 'people?state=blocked': page([]) })
  await list.refresh()
  const deciding = list.decide('p1', 'allow')
  t.equal(drawn().busy, true)
  t.strictSame(await Promise.all([list.decide('p1', 'allow'), list.decide('p2', 'allow'), list.decide('p2', 'block')]), [undefined, undefined, undefined])
  await Promise.all([list.refresh(), list.more(), list.choose('blocked')])
  answer.settle(ok(person('p1', 'active')))
  await deciding
  t.equal(await list.decide('p1', 'allow'), undefined, 'they are not in the list any more')
  t.strictSame(sent(), [`GET ${waiting}`, 'POST allow'])
  t.strictSame(ids(), ['p2'])
})

await t.test('people: what is typed while a decision is sent is searched for after it', async (t) => {
  for (const reply of [ok(person('p1', 'active')), problem(503, 'store-unavailable')]) {
    const answer = held<Reply>()
    const { list, sent, ids } = start({ allow: () => answer.promise, 'people?search=x': page([person('p7', 'blocked')]) })
    await list.refresh()
    const deciding = list.decide('p1', 'allow')
    await list.find('x')
    answer.settle(reply)
    await deciding
    t.strictSame(ids(), ['p7'])
    t.strictSame(sent(), [`GET ${waiting}`, 'POST allow', 'GET people?search=x'])
  }
})

await t.test('people: a list is ignored when it was requested before a decision', async (t) => {
  const late = held<Reply>()
  const { list, ids } = start({ [waiting]: [twoWaiting, () => late.promise], allow: ok(person('p1', 'active')) })
  await list.refresh()
  const reading = list.refresh()
  await list.decide('p1', 'allow')
  late.settle(twoWaiting)
  await reading
  t.strictSame(ids(), ['p2'])
})

await t.test('people: a refused decision changes nothing but for the reason in its row, until the next one', async (t) => {
  for (const code of ['not-found', 'rate-limited', 'store-unavailable', 'no-answer'] as const) {
    const { list, ids, drawn } = start({ allow: [code === 'no-answer' ? 'lost' : problem(503, code), ok(person('p1', 'active'))] })
    await list.refresh()
    t.equal(await list.decide('p1', 'allow'), undefined)
    t.strictSame(ids(), ['p1', 'p2'], code)
    t.strictSame(drawn().people.map(({ failure }) => failure), [code === 'not-found' ? 'They have deleted their data.' : wordsFor('en').failures[code], ''])
    t.hasStrict(drawn(), { busy: false, failure: '' })
    await list.decide('p1', 'allow')
    t.strictSame(drawn().people.map(({ failure }) => failure), [''])
  }
})

await t.test('people: the phone logs in again when its key is unknown', async (t) => {
  const { list, ids, phone } = start({ login: [grant('key_1', startMs / 1000), grant('key_2', startMs / 1000)], [waiting]: [problem(401, 'key-unknown'), twoWaiting] })
  await list.refresh()
  t.strictSame(ids(), ['p1', 'p2'])
  t.equal(phone.logins, 2)
})

await t.test('people: whoever is no owner, or not any more, sees nobody and is sent home', async (t) => {
  const all = (['not-owner', 'person-blocked'] as const).flatMap((code) => {
    const refusal = problem(403, code)
    return [{ [waiting]: refusal }, { allow: refusal }, { [waiting]: [twoWaiting, refusal] }].map((answers) => ({ code, answers }))
  })
  for (const { code, answers } of all) {
    const { list, drawn } = start(answers)
    await list.refresh()
    if (list.view().failure === undefined) await list.decide('p1', 'allow')
    if (list.view().failure === undefined) await list.refresh()
    t.hasStrict(drawn(), { people: [], loading: false, empty: '', more: '', failure: wordsFor('en').failures[code], retry: false })
  }
})

await t.test('people: says why a list can\'t be read, keeps what it shows, and reads it when asked again', async (t) => {
  const { list, drawn, ids } = start({ [waiting]: ['lost', twoWaiting, problem(503, 'store-unavailable'), twoWaiting] })
  await list.refresh()
  t.hasStrict(drawn(), { loading: false, people: [], empty: '', failure: wordsFor('en').failures['no-answer'], retry: true })
  await list.refresh()
  t.hasStrict(drawn(), { failure: '' })
  await list.refresh()
  t.strictSame([drawn().failure, ids()], [wordsFor('en').failures['store-unavailable'], ['p1', 'p2']])
  await list.retry()
  t.equal(drawn().failure, '')
})

await t.test('people: reads page after page, each once, until there is no more', async (t) => {
  const next = `${waiting}&after=a%3A1`
  const answer = held<Reply>()
  const { list, ids, drawn, sent } = start({ [waiting]: page([person('p1', 'waiting'), person('p2', 'waiting')], 'a:1'), [next]: ['lost', () => answer.promise] })
  await list.refresh()
  t.hasStrict(drawn(), { more: 'Show more', isLoadingMore: false })
  await list.more()
  t.hasStrict(drawn(), { failure: wordsFor('en').failures['no-answer'], more: 'Show more', people: [{ id: 'p1' }, { id: 'p2' }] })
  const reading = Promise.all([list.retry(), list.more()])
  t.equal(drawn().isLoadingMore, true)
  answer.settle(page([person('p2', 'waiting'), person('p5', 'waiting')]))
  await reading
  t.strictSame(ids(), ['p1', 'p2', 'p5'], 'whoever is on two pages is listed once')
  t.hasStrict(drawn(), { more: '', isLoadingMore: false, failure: '' })
  await list.more()
  t.strictSame(sent(), [`GET ${waiting}`, `GET ${next}`, `GET ${next}`])
})

await t.test('people: a page without anybody is no empty list while there are more', async (t) => {
  const { list, drawn } = start({ [waiting]: page([], 'a:1'), [`${waiting}&after=a%3A1`]: page([]) })
  await list.refresh()
  t.hasStrict(drawn(), { empty: '', more: 'Show more' })
  await list.more()
  t.hasStrict(drawn(), { empty: 'Nobody waits to be let in', more: '' })
})

await t.test('people: an empty list says so for each state, in all languages', async (t) => {
  for (const state of ['waiting', 'active', 'blocked'] as const) {
    const { list, drawn } = start({ [`people?state=${state}`]: page([]) }, state)
    await list.refresh()
    for (const language of ['en', 'zh', 'zh-TW']) t.equal(drawn(language).empty, wordsFor(language).nobody[state])
  }
})

await t.test('people: a search finds people of all states and says which; without a text one state is listed again', async (t) => {
  const search = 'people?search=m'
  const { list, drawn, ids, sent } = start({ [search]: page([person('p1', 'waiting', { name: 'Mei' }), person('p4', 'blocked', { name: 'Mo' }), person('sub-of-mei', 'active')]), block: ok(person('p1', 'blocked', { name: 'Mei' })), 'people?search=z': page([]) })
  await list.refresh()
  await Promise.all([list.find(' m '), list.find('m')])
  t.hasStrict(drawn(), { segments: [], people: [{ marks: [{ text: 'Waiting' }] }, { marks: [{ text: 'Blocked' }] }, { marks: [{ text: 'You' }, { text: 'Active' }] }] })
  await list.decide('p1', 'block')
  t.strictSame(drawn().people[0]?.marks, [{ text: 'Blocked' }], 'they stay, as what they are now')
  await list.find('z')
  t.equal(drawn().empty, 'Nobody found. Type how a name or a handle begins.')
  await list.find('')
  t.strictSame([drawn().segments.length, ids()], [3, ['p1', 'p2']])
  t.strictSame(sent(), [`GET ${waiting}`, `GET ${search}`, 'POST block', 'GET people?search=z', `GET ${waiting}`])
})

await t.test('people: a search takes a text of any length, and half an emoji', async (t) => {
  const { list, phone } = start()
  await list.find(`${'x'.repeat(80)}`)
  await list.find('小\ud83d')
  t.strictSame(phone.requests.map(({ url }) => url.split('?')[1]).filter(Boolean), [`search=${'x'.repeat(64)}`, 'search=%E5%B0%8F'])
})

await t.test('people: an answer is ignored when another list was chosen meanwhile', async (t) => {
  const late = held<Reply>()
  const { list, ids } = start({ [waiting]: () => late.promise })
  const reading = list.refresh()
  await list.choose('active')
  late.settle(twoWaiting)
  await reading
  t.strictSame(ids(), ['sub-of-mei', 'p3'])
})

await t.test('people: a search that found as many as it can says that there may be more, in all languages', async (t) => {
  const found = (count: number): Reply => page(Array.from({ length: count }, (_, n) => person(`p${n}`, 'active')))
  const { list, drawn } = start({ 'people?search=x': found(49), 'people?search=y': found(50), [waiting]: found(50) })
  await list.refresh()
  t.equal(drawn().limited, '', 'a list has a next page')
  await list.find('x')
  t.equal(drawn().limited, '')
  await list.find('y')
  t.strictSame(['en', 'zh', 'zh-TW'].map((language) => drawn(language).limited), ['Only the first 50 are shown. Type more of the name or handle.', '只显示前 50 人，请多输入几个字。', '只顯示前 50 人，請多輸入幾個字。'])
})

await t.test('people: a name is short enough for a toast, and no emoji is left with half of another', (t) => {
  const named = (name: string | null): string => whoIsBriefly({ name, handle: 'wx-abcdefghijklmnop' })
  for (const name of ['Mei', '小雨', 'Bartholomew von der Alm', '一二三四五六七八九十一二', '👩\u200d👩\u200d👧']) t.equal(named(name), name)
  t.equal(named(null), 'wx-abcdefghijklmnop')
  t.equal(named('Bartholomew von Österreich-Ungarn'), 'Bartholomew von Österrei…')
  t.equal(named('一二三四五六七八九十一二三'), '一二三四五六七八九十一二…')
  t.equal(named('👧\u200d'.repeat(9)), '👧\u200d'.repeat(7) + '👧…')
  t.equal(named('Anna Maria Bartholomea  von'), 'Anna Maria Bartholomea…')
  t.end()
})
