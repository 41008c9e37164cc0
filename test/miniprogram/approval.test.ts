import t from 'tap'
import '../support/miniprogram.ts'
import { createFakePhone, grant, held, offer, ok, problem, serviceUrl, startMs, ticket } from './fake-phone.ts'
import type { FakeReply } from './fake-phone.ts'
import type { Reply } from '../../miniprogram/utils/ports'

const { createService } = await import('../../miniprogram/utils/service.ts')
const { createApproval } = await import('../../miniprogram/pages/login/approval.ts')

const confirmed = ok({ state: 'confirmed', version: 3 })

const start = (answers: Record<string, FakeReply | FakeReply[]> = {}, scanned: string | undefined = ticket) => {
  const { phone, platform } = createFakePhone({ scan: offer(), confirm: confirmed, cancel: ok({ state: 'cancelled', version: 3 }), ...answers })
  const kinds: string[] = []
  const approval = createApproval(createService(platform, serviceUrl), scanned, () => {
    const { kind } = approval.view()
    if (kinds.at(-1) !== kind) kinds.push(kind)
  })
  return { phone, approval, kinds, asked: () => phone.calls().filter((call) => call !== 'POST login') }
}

await t.test('approval: asks for a decision, and confirms with the number when one is tapped', async (t) => {
  const { approval, phone, kinds } = start()
  await approval.read()
  t.hasStrict(approval.view(), { kind: 'ready', offer: { site: { origin: 'https://acme.example' }, choices: ['12', '47', '83'] } })
  await approval.confirm('47')
  t.hasStrict(approval.view(), { kind: 'done', offer: { site: { name: 'Acme' } } })
  t.strictSame(kinds, ['loading', 'ready', 'confirming', 'done'])
  t.equal(phone.requests.at(-1)?.body, '{"match_code":"47"}')
})

await t.test('approval: knows that it is the first login until one was confirmed on this phone', async (t) => {
  const { phone, platform } = createFakePhone({ scan: offer(), confirm: [problem(403, 'match-wrong'), confirmed] })
  const service = createService(platform, serviceUrl)
  const isFirst = async (): Promise<unknown> => {
    const approval = createApproval(service, ticket, () => {})
    t.hasStrict(approval.view(), { kind: 'loading' })
    await approval.read()
    const view = approval.view()
    await approval.confirm('47')
    return view.kind === 'ready' && view.isFirst
  }
  t.strictSame([await isFirst(), await isFirst(), await isFirst()], [true, true, false])
  phone.storage.clear()
  t.equal(service.isFirstLogin(), true)
})

await t.test('approval: asks for an update when this WeChat is too old', async (t) => {
  const { platform } = createFakePhone({}, { isTooOld: true })
  const approval = createApproval(createService(platform, serviceUrl), ticket, () => {})
  await approval.read()
  t.strictSame(approval.view(), { kind: 'wechat-too-old' })
})

await t.test('approval: confirms nothing when nobody taps', async (t) => {
  const { approval, asked } = start()
  await approval.read()
  await approval.read()
  await approval.tick()
  t.strictSame(asked(), ['POST scan', 'POST scan'])
  t.equal(approval.view().kind, 'ready')
})

await t.test('approval: sends one call when a button is tapped twice', async (t) => {
  for (const tap of ['confirm', 'cancel'] as const) {
    const { approval, asked } = start()
    await approval.read()
    await Promise.all([tap, tap].map((verb) => verb === 'confirm' ? approval.confirm('47') : approval.cancel()))
    await approval.confirm('12')
    await approval.cancel()
    t.strictSame(asked(), ['POST scan', `POST ${tap}`])
  }
})

await t.test('approval: sends nothing when there is no number, an unknown one, or one where none is asked for', async (t) => {
  const { approval, asked } = start()
  await approval.read()
  await approval.confirm(null)
  await approval.confirm('99')
  const plain = start({ scan: offer({ match: 'off', match_choices: null }) })
  await plain.approval.read()
  await plain.approval.confirm('47')
  t.strictSame([...asked(), ...plain.asked()], ['POST scan', 'POST scan'])
  await plain.approval.confirm(null)
  t.equal(plain.approval.view().kind, 'done', 'no number is needed there')
})

await t.test('E11 approval: sends two typed digits, and nothing else, when the button is tapped', async (t) => {
  const { approval, phone, asked } = start({ scan: offer({ match: 'type', match_choices: null }) })
  const typed = (): unknown => (approval.view() as { typed?: string }).typed
  approval.type('1')
  await approval.read()
  t.hasStrict(approval.view(), { kind: 'ready', typed: '', offer: { match: 'type', choices: [] } }, 'a key before the question has no effect')
  await approval.confirm(null)
  for (const key of ['x', '', '４', '-']) approval.type(key)
  approval.erase()
  t.equal(typed(), '')
  approval.type('4')
  await approval.confirm(null)
  await approval.confirm('4')
  await approval.confirm('47')
  t.strictSame(asked(), ['POST scan'], 'one digit is not enough, and a number cannot be tapped')
  approval.type('8')
  approval.erase()
  await approval.read()
  t.equal(typed(), '4', 'what was typed is there when the page is shown again')
  approval.type('7')
  approval.type('9')
  t.equal(typed(), '47', 'a third digit has no effect')
  await Promise.all([approval.confirm(null), approval.confirm(null)])
  approval.type('1')
  approval.erase()
  t.equal(approval.view().kind, 'done')
  t.equal(phone.requests.at(-1)?.body, '{"match_code":"47"}')
  t.strictSame(asked(), ['POST scan', 'POST scan', 'POST confirm'])
})

await t.test('approval: says when it may be tried again when the answer has Retry-After', async (t) => {
  const { approval } = start({ scan: { ...problem(429, 'rate-limited'), retryAfter: 600 } })
  await approval.read()
  t.strictSame(approval.view(), { kind: 'unavailable', code: 'rate-limited', retryAfter: 600 })
})

await t.test('E11 approval: is locked out when scan or confirmation is refused for wrong numbers, until it is read again after the wait', async (t) => {
  const refusal = { ...problem(429, 'rate-limited', { reason: 'wrong-numbers' }), retryAfter: 600 }
  const { approval } = start({ scan: [refusal, offer()], confirm: refusal })
  await approval.read()
  t.strictSame(approval.view(), { kind: 'locked-out', retryAfter: 600 })
  await approval.confirm('47')
  await approval.read()
  t.equal(approval.view().kind, 'ready')
  await approval.confirm('47')
  t.strictSame(approval.view(), { kind: 'locked-out', retryAfter: 600 })
  for (const more of [{ reason: 'other' }, { reason: 7 }, {}]) {
    const other = start({ scan: { ...problem(429, 'rate-limited', more), retryAfter: 600 } }).approval
    await other.read()
    t.hasStrict(other.view(), { kind: 'unavailable', retryAfter: 600 })
  }
})

await t.test('approval: sends nothing when a tap comes before the offer', async (t) => {
  const { approval, phone } = start()
  await approval.confirm('47')
  await approval.cancel()
  t.strictSame(phone.calls(), [])
})

await t.test('approval: is refused when the person taps "Not me"', async (t) => {
  const { approval, kinds } = start()
  await approval.read()
  await approval.cancel()
  t.strictSame(kinds, ['loading', 'ready', 'cancelling', 'refused'])
})

await t.test('approval: remembers that the person has said it is them, also when the page is shown again', async (t) => {
  const { approval } = start()
  approval.claim()
  await approval.read()
  t.hasStrict(approval.view(), { kind: 'ready', isClaimed: false }, 'not before the question')
  approval.claim()
  t.hasStrict(approval.view(), { kind: 'ready', isClaimed: true })
  await approval.read()
  t.hasStrict(approval.view(), { kind: 'ready', isClaimed: true })
})

await t.test('approval: is refused when the answer to "Not me" was lost and the ticket turns out to be cancelled', async (t) => {
  const { approval } = start({ cancel: 'lost', scan: [offer(), problem(409, 'ticket-cancelled')] })
  await approval.read()
  await approval.cancel()
  await approval.read()
  t.equal(approval.view().kind, 'refused')
})

await t.test('approval: shows why when the scan is refused', async (t) => {
  const ends = [
    [404, 'ticket-not-found', 'invalid-code'], [400, 'bad-request', 'invalid-code'], [409, 'ticket-expired', 'expired'], [409, 'ticket-cancelled', 'cancelled'],
    [409, 'ticket-taken', 'taken'], [409, 'ticket-consumed', 'used'], [409, 'ticket-confirmed', 'done'], [403, 'wechat-user-blocked', 'blocked'],
    [503, 'store-unavailable', 'unavailable'], [503, 'wechat-unavailable', 'unavailable'], [429, 'rate-limited', 'unavailable'], [500, 'internal', 'unavailable'],
    [401, 'signature-invalid', 'unavailable'], [401, 'replayed', 'unavailable'],
    [404, 'not-found', 'update-needed'], [405, 'method-not-allowed', 'update-needed'], [415, 'unsupported-media-type', 'update-needed'],
  ] as const
  for (const [status, code, kind] of ends) {
    const { approval } = start({ scan: problem(status, code) })
    await approval.read()
    t.hasStrict(approval.view(), kind === 'unavailable' ? { kind, code } : { kind }, code)
  }
})

await t.test('approval: shows why when the confirmation is refused', async (t) => {
  const ends = [
    [403, 'match-wrong', 'wrong-number'], [409, 'ticket-expired', 'expired'], [409, 'ticket-cancelled', 'cancelled'], [409, 'ticket-consumed', 'done'],
    [409, 'ticket-taken', 'taken'], [409, 'ticket-not-scanned', 'unavailable'], [503, 'store-unavailable', 'unavailable'],
  ] as const
  for (const [status, code, kind] of ends) {
    const { approval } = start({ confirm: problem(status, code) })
    await approval.read()
    await approval.confirm('12')
    t.equal(approval.view().kind, kind, code)
  }
})

await t.test('approval: is done when it is cancelled after the confirmation', async (t) => {
  const { approval } = start({ cancel: problem(409, 'ticket-confirmed') })
  await approval.read()
  await approval.cancel()
  t.equal(approval.view().kind, 'done')
})

await t.test('approval: shows an invalid code when what was scanned has no ticket', async (t) => {
  const { phone, platform } = createFakePhone()
  const approval = createApproval(createService(platform, serviceUrl), undefined, () => {})
  await approval.read()
  t.strictSame(approval.view(), { kind: 'invalid-code' })
  t.strictSame(phone.calls(), [])
})

await t.test('approval: can be tried again when there was no network', async (t) => {
  const { approval, kinds, phone } = start({ scan: ['lost', offer()] })
  phone.isConnected = false
  await approval.read()
  t.strictSame(approval.view(), { kind: 'offline' })
  await approval.read()
  t.strictSame(kinds, ['loading', 'offline', 'loading', 'ready'])
})

const lostAnswers: ReadonlyArray<readonly [FakeReply, string]> = [
  ['lost', 'no-answer'], ['cut', 'no-answer'], [{ status: 502, body: '<h1>Bad gateway</h1>' }, 'no-answer'], [problem(500, 'internal'), 'internal'],
  [problem(503, 'store-unavailable'), 'store-unavailable'], [problem(401, 'replayed'), 'replayed'],
]

await t.test('approval: reads the state once, and repeats no confirmation, when the answer to a confirmation is lost', async (t) => {
  for (const [answer, code] of lostAnswers) {
    for (const state of ['confirmed', 'consumed']) {
      const { approval, asked, kinds } = start({ scan: [offer(), offer({ state, session: 's1' })], confirm: answer })
      await approval.read()
      await approval.confirm('47')
      t.hasStrict(approval.view(), { kind: 'done', session: 's1' }, code)
      t.strictSame(asked(), ['POST scan', 'POST confirm', 'POST scan'])
      t.strictSame(kinds, ['loading', 'ready', 'confirming', 'done'])
    }
    const { approval, asked } = start({ confirm: answer })
    await approval.read()
    await approval.confirm('47')
    t.strictSame(approval.view(), { kind: 'unavailable', code }, 'it is known that nobody is logged in')
    t.strictSame(asked(), ['POST scan', 'POST confirm', 'POST scan'])
    await approval.read()
    t.equal(approval.view().kind, 'ready')
  }
  const refused = start({ confirm: problem(429, 'rate-limited') })
  await refused.approval.read()
  await refused.approval.confirm('47')
  t.strictSame(refused.approval.view(), { kind: 'unavailable', code: 'rate-limited' })
  t.strictSame(refused.asked(), ['POST scan', 'POST confirm'], 'a refusal leaves nothing to ask for')
})

await t.test('approval: doesn\'t know whether the device is logged in, however often that is asked for, until the service tells', async (t) => {
  for (const [answer, code] of lostAnswers) {
    const { approval, asked } = start({ scan: [offer(), answer, ...(answer === 'cut' ? ['lost' as const] : []), problem(429, 'rate-limited'), offer({ state: 'confirmed', session: 's1' })], confirm: answer })
    await approval.read()
    await approval.confirm('47')
    t.strictSame(approval.view(), { kind: 'unknown', code, isEnding: false })
    await approval.read()
    t.strictSame(approval.view(), { kind: 'unknown', code: 'rate-limited', isEnding: false })
    await approval.read()
    t.hasStrict(approval.view(), { kind: 'done', session: 's1' })
    t.equal(asked().filter((call) => call === 'POST confirm').length, 1)
  }
  const { approval } = start({ scan: [offer(), 'lost', offer(), 'lost'], confirm: 'lost' })
  await approval.read()
  await approval.confirm('47')
  await approval.read()
  t.equal(approval.view().kind, 'ready', 'it was not')
  await approval.read()
  t.strictSame(approval.view(), { kind: 'unavailable', code: 'no-answer' })
})

await t.test('approval: ends a login that it knows nothing of, whether it was confirmed or not', async (t) => {
  const gone = { status: 204, body: '' }
  const told = problem(409, 'ticket-confirmed', { session: 's1' })
  for (const [cancel, calls] of [
    [ok({ state: 'cancelled', version: 3 }), ['POST cancel']],
    [told, ['POST cancel', `DELETE s1?ticket=${ticket}`]],
    [problem(409, 'ticket-consumed', { session: 's1' }), ['POST cancel', `DELETE s1?ticket=${ticket}`]],
    [problem(409, 'ticket-expired'), ['POST cancel']],
  ] as const) {
    const { approval, asked } = start({ scan: [offer(), 'lost'], confirm: 'lost', cancel, [`s1?ticket=${ticket}`]: gone })
    await approval.read()
    await approval.confirm('47')
    const ending = approval.logOut()
    t.hasStrict(approval.view(), { kind: 'unknown', isEnding: true })
    await Promise.all([ending, approval.logOut(), approval.read()])
    t.strictSame(approval.view(), { kind: 'logged-out' })
    t.strictSame(asked().slice(3), calls)
  }
  const { approval } = start({ scan: [offer(), 'lost'], confirm: 'lost', cancel: [problem(503, 'store-unavailable'), problem(409, 'ticket-confirmed'), told], [`s1?ticket=${ticket}`]: gone })
  await approval.read()
  await approval.confirm('47')
  for (const code of ['store-unavailable', 'internal']) {
    await approval.logOut()
    t.strictSame(approval.view(), { kind: 'unknown', code, isEnding: false })
  }
  await approval.logOut()
  t.strictSame(approval.view(), { kind: 'logged-out' })
})

await t.test('approval: reads by itself when its call was cut off and the page is shown again', async (t) => {
  const answer = held<Reply>()
  const { approval, asked, phone } = start({ scan: [offer(), offer({ state: 'confirmed' })], confirm: () => answer.promise.then(() => { throw new Error('interrupted') }) })
  await approval.read()
  const confirming = approval.confirm('47')
  await approval.read()
  t.equal(approval.view().kind, 'confirming', 'the pending call is awaited')
  answer.settle(confirmed)
  await confirming
  t.equal(approval.view().kind, 'done')
  t.strictSame(asked(), ['POST scan', 'POST confirm', 'POST scan'])
  t.equal(phone.logins, 1)
})

await t.test('approval: a tap has its effect when it comes while the page is read again', async (t) => {
  const late = held<Reply>()
  const { approval } = start({ scan: [offer(), () => late.promise] })
  await approval.read()
  const again = approval.read()
  t.equal(approval.view().kind, 'ready', 'what is on the screen stays')
  await approval.confirm('47')
  late.settle(offer())
  await again
  t.equal(approval.view().kind, 'done', 'the older answer is ignored')
})

await t.test('approval: shows the new state when the page is shown again', async (t) => {
  const { approval } = start({ scan: [offer(), problem(409, 'ticket-cancelled')] })
  await approval.read()
  await approval.read()
  t.equal(approval.view().kind, 'cancelled')
})

await t.test('approval: sends nothing more when it has ended', async (t) => {
  const { approval, asked } = start({ scan: problem(409, 'ticket-expired') })
  await approval.read()
  await approval.read()
  await approval.confirm('47')
  await approval.cancel()
  await approval.tick()
  t.strictSame(asked(), ['POST scan'])
})

await t.test('approval: reads once when the time seems to be up', async (t) => {
  const { approval, phone, asked } = start({ scan: [offer(), problem(409, 'ticket-expired')] })
  await approval.read()
  phone.now += 149_000
  await approval.tick()
  t.equal(approval.view().kind, 'ready')
  phone.now += 1_000
  await Promise.all([approval.tick(), approval.tick()])
  t.equal(approval.view().kind, 'expired')
  await approval.confirm('47')
  t.strictSame(asked(), ['POST scan', 'POST scan'])
})

await t.test('approval: still asks for the decision when only the phone\'s clock was changed', async (t) => {
  const skew = problem(401, 'clock-skew', { server_time: startMs / 1000 })
  const { approval, phone } = start({ scan: [offer(), skew, offer()] })
  await approval.read()
  phone.now += 3_600_000
  await approval.tick()
  t.equal(approval.view().kind, 'ready')
  await approval.tick()
  await approval.confirm('47')
  t.equal(approval.view().kind, 'done')
})

await t.test('approval: ends the login that it has just confirmed when that was not this person', async (t) => {
  const withSession = ok({ state: 'confirmed', version: 3, session: 's1' })
  const { approval, asked, kinds, phone } = start({ confirm: withSession, s1: { status: 204, body: '' }, [`s1?ticket=${ticket}`]: { status: 204, body: '' } })
  await approval.read()
  await approval.logOut()
  t.equal(approval.view().kind, 'ready', 'nothing is confirmed yet')
  await approval.confirm('47')
  t.hasStrict(approval.view(), { kind: 'done', session: 's1', isEnding: false })
  const ending = approval.logOut()
  t.hasStrict(approval.view(), { kind: 'done', isEnding: true })
  await Promise.all([ending, approval.logOut(), approval.read()])
  t.strictSame(approval.view(), { kind: 'logged-out' })
  t.strictSame(kinds, ['loading', 'ready', 'confirming', 'done', 'logged-out'])
  t.strictSame(asked(), ['POST scan', 'POST confirm', `DELETE s1?ticket=${ticket}`])
  t.match(phone.requests.at(-1)?.url, /\/api\/phone\/sessions\/s1\?ticket=/)
  await approval.read()
  t.equal(approval.view().kind, 'logged-out', 'and stays so')
})

await t.test('approval: says so, and can be tried again, when the login could not be ended', async (t) => {
  const end = `s1?ticket=${ticket}`
  const { approval, phone } = start({ confirm: ok({ state: 'confirmed', session: 's1' }), [end]: [problem(503, 'store-unavailable'), 'lost', problem(404, 'not-found'), problem(404, 'ticket-not-found')] })
  await approval.read()
  await approval.confirm('47')
  await approval.logOut()
  t.hasStrict(approval.view(), { kind: 'done', session: 's1', isEnding: false, failure: 'store-unavailable' })
  phone.isConnected = false
  await approval.logOut()
  t.hasStrict(approval.view(), { kind: 'done', failure: 'offline' })
  phone.isConnected = true
  await approval.logOut()
  t.hasStrict(approval.view(), { kind: 'done', session: 's1', failure: 'internal' }, 'a service that doesn\'t look at the ticket: the browser may still get in')
  await approval.logOut()
  t.strictSame(approval.view(), { kind: 'logged-out' }, 'it has ended already')
})

await t.test('approval: a code that is scanned again after "Not me: log it out" says that the device is logged out', async (t) => {
  const { approval } = start({ scan: problem(409, 'ticket-consumed', { reason: 'logged-out' }) })
  await approval.read()
  t.hasStrict(approval.view(), { kind: 'logged-out' })
  const used = start({ scan: problem(409, 'ticket-consumed') })
  await used.approval.read()
  t.hasStrict(used.approval.view(), { kind: 'used' })
})

await t.test('approval: the person\'s own used code can still be logged out when the page is opened anew, a stranger\'s is used', async (t) => {
  const { approval } = start({ scan: problem(409, 'ticket-consumed', { session: 's1' }), [`s1?ticket=${ticket}`]: { status: 204, body: '' } })
  await approval.read()
  t.strictSame(approval.view(), { kind: 'done', offer: undefined, session: 's1', isEnding: false, failure: undefined })
  await approval.logOut()
  t.strictSame(approval.view(), { kind: 'logged-out' })
  const { approval: other } = start({ scan: problem(409, 'ticket-consumed') })
  await other.read()
  t.strictSame(other.view(), { kind: 'used' })
})

await t.test('approval: tells that a login was for another site when it is ended, as that site may go on with it', async (t) => {
  const site = { name: 'Shop', origin: 'https://shop.example', service: 'https://acme.example' }
  const { approval } = start({ scan: offer({ site }), confirm: ok({ state: 'confirmed', session: 's1' }), [`s1?ticket=${ticket}`]: { status: 204, body: '' } })
  await approval.read()
  await approval.confirm('47')
  await approval.logOut()
  t.strictSame(approval.view(), { kind: 'logged-out', site: 'https://shop.example' })
})

await t.test('approval: marks the first login, and keeps what may become one, however it learns that it was confirmed', async (t) => {
  const gone = { status: 204, body: '' }
  const end = { [`s1?ticket=${ticket}`]: gone }
  const startWith = (answers: Record<string, FakeReply | FakeReply[]>) => {
    const { phone, platform } = createFakePhone({ scan: offer(), ...answers })
    const service = createService(platform, serviceUrl)
    return { phone, service, approval: createApproval(service, ticket, () => {}) }
  }
  const kept = { ticket, session: 's1', endsAt: startMs + 150_000, browser: { name: 'Chrome 151' }, site: null }
  for (const answers of [
    { confirm: ok({ state: 'confirmed', session: 's1' }), ...end },
    { confirm: 'lost' as const, scan: [offer(), offer({ state: 'confirmed', session: 's1' })], ...end },
    { confirm: problem(409, 'ticket-consumed', { session: 's1' }), ...end },
  ] as const) {
    const { phone, service, approval } = startWith(answers as Record<string, FakeReply | FakeReply[]>)
    await approval.read()
    t.strictSame(service.waitingLogins(), [])
    await approval.confirm('47')
    t.equal(service.isFirstLogin(), false)
    t.hasStrict(service.waitingLogins(), [kept])
    phone.now += 149_000
    t.equal(service.waitingLogins().length, 1)
    phone.now += 1_000
    t.strictSame(service.waitingLogins(), [], 'until the ticket ends')
    phone.now -= 1_000
    await approval.logOut()
    t.strictSame(service.waitingLogins(), [])
  }
  const { service, approval } = startWith({ scan: [offer(), 'lost', offer()], confirm: 'lost' })
  await approval.read()
  await approval.confirm('47')
  const [login] = service.waitingLogins()
  t.hasStrict(login, { ticket })
  t.equal(login?.session, undefined, 'the answer is missing')
  await approval.read()
  t.strictSame(service.waitingLogins(), [], 'it was not confirmed')
  for (const confirm of [problem(403, 'match-wrong'), problem(409, 'ticket-cancelled'), problem(429, 'rate-limited')]) {
    const { service, approval } = startWith({ confirm })
    await approval.read()
    await approval.confirm('47')
    t.strictSame(service.waitingLogins(), [])
  }
})

await t.test('approval: keeps the end of the ticket when the tap comes while the page is read again', async (t) => {
  const late = held<Reply>()
  const { phone, platform } = createFakePhone({ scan: [offer(), () => late.promise], confirm: ok({ state: 'confirmed', session: 's1' }) })
  const service = createService(platform, serviceUrl)
  const approval = createApproval(service, ticket, () => {})
  await approval.read()
  const again = approval.read()
  await approval.confirm('47')
  late.settle(offer())
  await again
  t.hasStrict(service.waitingLogins(), [{ session: 's1', endsAt: startMs + 150_000 }])
  t.hasStrict(createService(platform, serviceUrl).waitingLogins(), [{ session: 's1' }], 'also after the next start')
  phone.storage.set('scan-login-logins', '{')
  t.strictSame(createService(platform, serviceUrl).waitingLogins(), [])
})

await t.test('approval: knows the session to end however it learns that the login was confirmed', async (t) => {
  const told = { session: 's1' }
  for (const answers of [
    { scan: offer({ state: 'confirmed', ...told }) },
    { scan: [offer(), problem(409, 'ticket-consumed', told)] },
    { scan: [offer(), problem(409, 'ticket-confirmed', told)] },
  ] as Array<Record<string, FakeReply | FakeReply[]>>) {
    const { approval } = start(answers)
    await approval.read()
    await approval.read()
    t.hasStrict(approval.view(), { kind: 'done', session: 's1' })
  }
  const older = start()
  await older.approval.read()
  await older.approval.confirm('47')
  await older.approval.logOut()
  t.hasStrict(older.approval.view(), { kind: 'done', session: undefined }, 'an older service tells none')
  t.notOk(older.asked().some((call) => call.startsWith('DELETE')))
})

await t.test('approval: says that the person may not come in, or not yet, when the scan or the confirmation is refused, and sends nothing by itself', async (t) => {
  for (const code of ['person-waiting', 'person-unknown', 'person-blocked'] as const) {
    const view = code === 'person-waiting' ? { kind: code, isNamed: false } : { kind: code }
    const scanning = start({ scan: problem(403, code) })
    await scanning.approval.read()
    t.strictSame(scanning.approval.view(), view)
    for (let n = 0; n < 3; n++) await scanning.approval.tick()
    await scanning.approval.confirm('47')
    await scanning.approval.cancel()
    t.strictSame(scanning.asked(), ['POST scan'])

    const confirming = start({ confirm: problem(403, code) })
    await confirming.approval.read()
    await confirming.approval.confirm('47')
    t.strictSame(confirming.approval.view(), view)
    t.strictSame(confirming.asked(), ['POST scan', 'POST confirm'])
    t.equal(confirming.phone.storage.has('scan-login-logins'), false, 'nothing of it is kept as a login')
  }
})

await t.test('approval: the login has ended when the person who ends it is blocked by then', async (t) => {
  const { approval } = start({ confirm: ok({ state: 'confirmed', session: 's1' }), [`s1?ticket=${ticket}`]: problem(403, 'person-blocked') })
  await approval.read()
  await approval.confirm('47')
  await approval.logOut()
  t.strictSame(approval.view(), { kind: 'logged-out' })
})

await t.test('approval: knows whether whoever waits has a name that the owner sees', async (t) => {
  const { approval } = start({ login: grant('key_1', startMs / 1000, { user: { sub: 'sub-of-mei', name: 'Mei' } }), scan: problem(403, 'person-waiting') })
  await approval.read()
  t.strictSame(approval.view(), { kind: 'person-waiting', isNamed: true })
})

await t.test('approval: goes on with the same code when the person was let in meanwhile, and reads once for each time the page is shown', async (t) => {
  const { approval, kinds, asked } = start({ scan: [problem(403, 'person-waiting'), problem(403, 'person-waiting'), offer()] })
  await approval.read()
  await approval.read()
  await approval.read()
  t.strictSame(kinds, ['loading', 'person-waiting', 'loading', 'person-waiting', 'loading', 'ready'])
  t.strictSame(asked(), ['POST scan', 'POST scan', 'POST scan'])
  for (const code of ['person-unknown', 'person-blocked'] as const) {
    const other = start({ scan: problem(403, code) })
    await other.approval.read()
    await other.approval.read()
    t.strictSame(other.asked(), ['POST scan'], 'scanning the same code again changes nothing')
  }
})
