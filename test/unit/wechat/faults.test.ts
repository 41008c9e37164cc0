/** Every fault at every endpoint: what the caller gets, how often WeChat is called, what is logged, and that no secret is in it. */
import t from 'tap'
import type { Endpoint, Fault } from '../../../src/demo/wechat-simulator.ts'
import { Problem, type ProblemCode } from '../../../src/errors.ts'
import type { Wechat } from '../../../src/wechat/wechat.ts'
import { waitUntil } from '../../support/waiting.ts'
import { everythingShown, openWechatHarness, rejectionOf } from '../../support/wechat-harness.ts'

interface Row {
  readonly fault: Fault
  readonly code: ProblemCode
  readonly retryAfterSeconds?: number
  /** How often the endpoint is called. */
  readonly calls: number
  /** The one line in the log, or none. */
  readonly line?: RegExp
}

const unavailable = { code: 'wechat-unavailable', calls: 1 } as const
const everywhere: Row[] = [
  { fault: -1, ...unavailable, calls: 3, retryAfterSeconds: 2, line: /^warn: WeChat is busy/ },
  { fault: 45009, ...unavailable, retryAfterSeconds: 1, line: /^warn: The quota .*clear_quota/ },
  { fault: 45011, ...unavailable, retryAfterSeconds: 1, line: /^warn: WeChat was called too often/ },
  { fault: 40125, ...unavailable, retryAfterSeconds: 60, line: /^error: WeChat refuses the AppSecret\. Set WECHAT_SECRET/ },
  { fault: 40164, ...unavailable, retryAfterSeconds: 60, line: /^error: WeChat refuses calls from 203\.0\.113\.7\. Add it to the IP white list/ },
  { fault: 47001, ...unavailable, retryAfterSeconds: 60, line: /^error: .*Please report this/ },
  { fault: 61999, ...unavailable, retryAfterSeconds: 30, line: /^warn: .*unknown errcode 61999/ },
  { fault: 'html', ...unavailable, retryAfterSeconds: 5, line: /^warn: .*neither JSON nor an image/ },
  { fault: 'http-500', ...unavailable, retryAfterSeconds: 5, line: /^warn: .*HTTP status 500/ },
  { fault: 'cut', ...unavailable, retryAfterSeconds: 5, line: /^warn: .*the connection failed \(\w+\)/ },
  { fault: 'hang', ...unavailable, retryAfterSeconds: 5, line: /^warn: .*no answer in time/ },
]
const secretRefused = { fault: 40001, ...unavailable, retryAfterSeconds: 60, line: /^error: WeChat refuses the AppSecret/ }
const unexpected = (fault: number): Row => ({ fault, ...unavailable, retryAfterSeconds: 5, line: /^warn: WeChat gave no usable answer/ })

const tokenRefused: Row[] = [40001, 40014, 42001].map((fault) =>
  ({ fault, ...unavailable, calls: 2, retryAfterSeconds: 5, line: /^error: WeChat refuses an access token that it has just returned/ }))

const rows: Record<Exclude<Endpoint, 'token'>, Row[]> = {
  stable_token: [...everywhere, secretRefused, unexpected(42001), unexpected(40226), unexpected(40029)],
  getwxacodeunlimit: [
    ...everywhere,
    unexpected(40226),
    unexpected(40029),
    ...tokenRefused,
  ],
  generate_urllink: [
    ...everywhere,
    unexpected(40226),
    unexpected(40029),
    ...tokenRefused,
    { fault: 40002, ...unavailable, retryAfterSeconds: 600, line: /^error: .*it belongs to an individual.*set WECHAT_URL_LINK to off/ },
    { fault: 40013, ...unavailable, retryAfterSeconds: 600, line: /^error: WeChat has banned URL Links/ },
    { fault: 85408, ...unavailable, retryAfterSeconds: 600, line: /^error: WeChat has banned URL Links/ },
    { fault: 85407, ...unavailable, retryAfterSeconds: 600, line: /^error: .*no permission for URL Links/ },
    { fault: 85079, ...unavailable, retryAfterSeconds: 60, line: /^error: .*Publish it, or set WECHAT_URL_LINK to off/ },
    { fault: 40165, ...unavailable, retryAfterSeconds: 60, line: /^error: .*no page pages\/login\/login\. Publish a version/ },
    { fault: 85401, ...unavailable, retryAfterSeconds: 60, line: /^error: .*Correct the clock of this server/ },
    { fault: 85402, ...unavailable, retryAfterSeconds: 60, line: /^error: .*WECHAT_ENV_VERSION/ },
    { fault: 40212, ...unavailable, retryAfterSeconds: 60, line: /^error: .*Please report this/ },
    { fault: 44990, ...unavailable, retryAfterSeconds: 1, line: /^warn: .*more than 100 URL Links within a second/ },
    { fault: 44993, ...unavailable, retryAfterSeconds: 1, line: /^warn: .*of this day are used up/ },
    { fault: 85406, ...unavailable, retryAfterSeconds: 1, line: /^warn: .*opened as often as/ },
  ],
  jscode2session: [
    ...everywhere.map((row) => row.fault === -1 ? { ...row, calls: 1 } : row.fault === 45011 ? { ...row, retryAfterSeconds: 60 } : row), // 45011 is one person's own limit
    secretRefused,
    unexpected(42001),
    { fault: 40029, code: 'js-code-invalid', calls: 1 },
    { fault: 40163, code: 'js-code-invalid', calls: 1 },
    { fault: 40226, code: 'wechat-user-blocked', calls: 1 },
  ],
}

const ticketId = 'AbCdEfGhIjKlMnOpQrStUv'
const ask: Record<keyof typeof rows, (wechat: Wechat, jsCode: string) => Promise<unknown>> = {
  stable_token: (wechat) => wechat.codeFor(ticketId),
  getwxacodeunlimit: (wechat) => wechat.codeFor(ticketId),
  generate_urllink: (wechat) => wechat.linkFor(ticketId, 0),
  jscode2session: (wechat, jsCode) => wechat.idsFor(jsCode),
}

for (const [endpoint, cases] of Object.entries(rows) as Array<[keyof typeof rows, Row[]]>) {
  for (const { fault, code, retryAfterSeconds, calls, line } of cases) {
    await t.test(`${endpoint}: the caller gets ${code} when WeChat answers ${fault}`, async (t) => {
      const harness = await openWechatHarness(t)
      const { simulator, wechat, lines } = harness
      simulator.fail(endpoint, fault)
      const jsCode = simulator.jsCode('Ada')
      const rejection = rejectionOf(ask[endpoint](wechat, jsCode))
      if (fault === -1 && calls > 1) {
        await harness.passWait(300)
        await harness.passWait(900)
      }
      if (fault === 'hang') {
        await waitUntil(() => harness.callsTo(endpoint) === 1)
        harness.advance(5_000)
      }

      const error = await rejection
      await waitUntil(() => lines.length > 0 || line === undefined) // the caller's deadline may pass at the same moment as the call's
      t.type(error, Problem)
      t.hasStrict(error, { code, retryAfterSeconds })
      t.equal(harness.callsTo(endpoint), calls)
      t.equal(lines.length, line === undefined ? 0 : 1)
      if (line !== undefined) t.match(lines[0], line)
      const shown = everythingShown(lines, error)
      for (const secret of [simulator.secret, jsCode, simulator.openidOf('Ada')]) t.notOk(shown.includes(secret))
      t.notMatch(shown, /97_|access_token=|secret=|session_key|[\w+/]{22}==/)
    })
  }
}

await t.test('codeFor: WeChat is not called for 60 s when the operator has to fix something', async (t) => {
  const { simulator, wechat, lines, callsTo, advance } = await openWechatHarness(t)
  simulator.fail('getwxacodeunlimit', 40164)
  await Promise.all(['ticket-1', 'ticket-2', 'ticket-3'].map((id) => t.rejects(wechat.codeFor(id), { code: 'wechat-unavailable' })))
  t.equal(lines.length, 1, 'three calls under way, one line')
  const before = callsTo('getwxacodeunlimit')

  advance(58_500)
  t.hasStrict(await rejectionOf(wechat.codeFor('ticket-4')), { code: 'wechat-unavailable', retryAfterSeconds: 2 })
  t.equal(callsTo('getwxacodeunlimit'), before)

  simulator.clearFaults()
  advance(1_500)
  t.equal((await wechat.codeFor('ticket-4')).type, 'image/jpeg')
  t.equal(lines.length, 1)
})

for (const fault of [45009, 45011]) {
  await t.test(`codeFor: the backoffs grow from one second to a minute, until a success, when WeChat answers ${fault}`, async (t) => {
    const { simulator, wechat, lines, callsTo, advance } = await openWechatHarness(t)
    simulator.fail('getwxacodeunlimit', fault)
    const waits = []
    for (let n = 0; n < 8; n++) {
      const { retryAfterSeconds } = await rejectionOf(wechat.codeFor(`ticket-${n}`)) as Problem
      waits.push(retryAfterSeconds)
      const before = callsTo('getwxacodeunlimit')
      advance((retryAfterSeconds ?? 0) * 1000 - 1)
      t.hasStrict(await rejectionOf(wechat.codeFor('another')), { code: 'wechat-unavailable', retryAfterSeconds: 1 })
      t.equal(callsTo('getwxacodeunlimit'), before)
      advance(1)
    }
    t.strictSame(waits, [1, 2, 4, 8, 16, 32, 60, 60])
    t.ok(lines.length <= 4, 'one line a minute at most')
    simulator.clearFaults()
    t.equal((await wechat.codeFor('ticket-9')).type, 'image/jpeg')
    simulator.fail('getwxacodeunlimit', fault)
    t.hasStrict(await rejectionOf(wechat.codeFor('ticket-10')), { retryAfterSeconds: 1 }, 'the next wait is one second again')
  })
}

await t.test('idsFor: the next person need not wait when one has reached their limit per minute', async (t) => {
  const { simulator, wechat } = await openWechatHarness(t)
  simulator.fail('jscode2session', 45011, 1)
  await t.rejects(wechat.idsFor(simulator.jsCode('Ada')), { code: 'wechat-unavailable', retryAfterSeconds: 60 })
  t.strictSame(await wechat.idsFor(simulator.jsCode('Bob')), { openid: simulator.openidOf('Bob'), unionid: null })
})

await t.test('codeFor: the last call gets only what is left of the budget when the first was slow', async (t) => {
  const harness = await openWechatHarness(t)
  const { store, simulator, callsTo, advance } = harness
  const slow = harness.instance({
    store: {
      ...store,
      read: async (key) => {
        advance(3_000)
        return store.read(key)
      },
    },
  })
  simulator.fail('getwxacodeunlimit', 'hang')
  const rejection = rejectionOf(slow.codeFor('ticket-1'))
  await waitUntil(() => callsTo('getwxacodeunlimit') === 1)
  advance(2_500)
  t.hasStrict(await rejection, { code: 'wechat-unavailable' })
})

await t.test('codeFor: rejects within the budget when the store never answers', async (t) => {
  const harness = await openWechatHarness(t)
  const stuck = harness.instance({ store: { ...harness.store, read: () => new Promise(() => {}) } })
  const rejection = rejectionOf(stuck.codeFor('ticket-1'))
  await harness.passWait(4_500)
  t.hasStrict(await rejection, { code: 'wechat-unavailable' })
  t.equal(harness.callsTo('stable_token'), 0)
})

await t.test('idsFor: rejects sooner when callTimeoutMs is shorter', async (t) => {
  const harness = await openWechatHarness(t, { callTimeoutMs: 100 })
  harness.simulator.fail('jscode2session', 'hang')
  const rejection = rejectionOf(harness.wechat.idsFor(harness.simulator.jsCode('Ada')))
  await harness.passWait(100)
  t.hasStrict(await rejection, { code: 'wechat-unavailable' })
})
