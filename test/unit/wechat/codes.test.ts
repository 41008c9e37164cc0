import { decode as decodePng } from 'fast-png'
import { decode as decodeJpeg } from 'jpeg-js'
import decodeQR from 'qr/decode.js'
import t from 'tap'
import type { CodeImage } from '../../../src/login/ports.ts'
import { openWechatHarness } from '../../support/wechat-harness.ts'

const ticketId = 'AbCdEfGhIjKlMnOpQrStUv'

const textOf = ({ bytes, type }: CodeImage): string => {
  const { width, height, data } = type === 'image/png' ? decodePng(bytes) : decodeJpeg(bytes, { useTArray: true })
  return decodeQR({ width, height, data: Uint8Array.from(data) }, { effort: Infinity, timeLimit: Infinity })
}

for (const imageFormat of ['png', 'jpeg'] as const) {
  for (const label of ['image', 'text/plain'] as const) {
    await t.test(`codeFor: the image has its real type when WeChat sends ${imageFormat} as ${label}`, async (t) => {
      const { simulator, wechat } = await openWechatHarness(t)
      Object.assign(simulator.settings, { imageFormat, label })
      const image = await wechat.codeFor(ticketId)
      t.equal(image.type, `image/${imageFormat}`)
      t.equal(textOf(image), `pages/login/login?scene=${ticketId}`)
    })
  }
}

for (const [envVersion, checkPath] of [['release', true], ['trial', false], ['develop', false]] as const) {
  await t.test(`codeFor: WeChat is${checkPath ? '' : ' not'} asked to check the page when the version is ${envVersion}`, async (t) => {
    const { simulator, wechat } = await openWechatHarness(t, { envVersion })
    if (!checkPath) simulator.settings.pages = []
    await wechat.codeFor(ticketId)
    const call = simulator.calls.at(-1)
    t.equal(call?.endpoint, 'getwxacodeunlimit')
    t.strictSame(Object.keys(call?.query ?? {}), ['access_token'])
    t.strictSame(JSON.parse(call?.body ?? ''), {
      scene: ticketId,
      page: 'pages/login/login',
      env_version: envVersion,
      check_path: checkPath,
      width: 360,
    })
  })
}

await t.test('codeFor: the log says to publish when the published version lacks the page', async (t) => {
  const { simulator, wechat, lines } = await openWechatHarness(t)
  simulator.settings.pages = []
  await t.rejects(wechat.codeFor(ticketId), { code: 'wechat-unavailable', retryAfterSeconds: 60 })
  t.match(lines[0], /^error: The published mini program has no page pages\/login\/login\. Publish a version/)
})

await t.test('codeFor: WeChat is called once when fifty callers want the same code', async (t) => {
  const { wechat, callsTo } = await openWechatHarness(t)
  const images = await Promise.all(Array.from({ length: 50 }, () => wechat.codeFor(ticketId)))
  t.equal(callsTo('getwxacodeunlimit'), 1)
  t.equal(new Set(images).size, 1)
  t.equal(await wechat.codeFor(ticketId), images[0], 'from the cache')
  t.equal(callsTo('getwxacodeunlimit'), 1)
})

await t.test('codeFor: WeChat is called again when the cached code has expired', async (t) => {
  const { wechat, callsTo, advance } = await openWechatHarness(t, { ticketTtlMs: 1000 })
  await wechat.codeFor(ticketId)
  advance(1000)
  await wechat.codeFor(ticketId)
  t.equal(callsTo('getwxacodeunlimit'), 2)
})

await t.test('codeFor: resolves when WeChat is busy only once', async (t) => {
  const { simulator, wechat, lines, passWait, callsTo } = await openWechatHarness(t)
  simulator.fail('getwxacodeunlimit', -1, 1)
  const image = wechat.codeFor(ticketId)
  await passWait(300)
  t.equal((await image).type, 'image/jpeg')
  t.equal(callsTo('getwxacodeunlimit'), 2)
  t.strictSame(lines, [])
})

await t.test('codeFor: rejects without a call when the ticket id is malformed', async (t) => {
  const { simulator, wechat } = await openWechatHarness(t)
  for (const odd of ['', 'a b', 'é', 'a'.repeat(33), '%20', '{}']) await t.rejects(wechat.codeFor(odd), RangeError)
  t.strictSame(simulator.calls, [])
})

await t.test('codeFor: works through a gateway when WECHAT_API_URL has a path', async (t) => {
  const harness = await openWechatHarness(t)
  await t.rejects(harness.instance({ apiUrl: `${harness.simulator.url}/gateway/` }).codeFor(ticketId), { code: 'wechat-unavailable' })
  t.match(harness.lines[0], /^error: .*there is no endpoint at this address; WECHAT_API_URL may be wrong/)
  await harness.instance({ apiUrl: `${harness.simulator.url}/` }).codeFor(ticketId)
})

await t.test('codeFor: the log has the reason when the connection is refused', async (t) => {
  const harness = await openWechatHarness(t)
  await t.rejects(harness.instance({ apiUrl: 'http://127.0.0.1:1' }).codeFor(ticketId), { code: 'wechat-unavailable' })
  t.match(harness.lines[0], /^warn: .*the connection failed \(ECONNREFUSED\)/)
})
