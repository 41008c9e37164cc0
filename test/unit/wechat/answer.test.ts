import t from 'tap'
import { parseAnswer } from '../../../src/wechat/answer.ts'
import { WechatFault } from '../../../src/wechat/fault.ts'

const faultOf = (call: () => unknown): WechatFault => {
  try {
    call()
  } catch (error) {
    if (error instanceof WechatFault) return error
  }
  throw new Error('no fault')
}

await t.test('parseAnswer: recognises an image by its first bytes', async (t) => {
  const png = Buffer.from('89504e470d0a1a0a', 'hex')
  const jpeg = Buffer.from('ffd8ffe0', 'hex')
  t.strictSame(parseAnswer(200, png, 'getwxacodeunlimit'), { image: { bytes: png, type: 'image/png' } })
  t.strictSame(parseAnswer(200, jpeg, 'getwxacodeunlimit'), { image: { bytes: jpeg, type: 'image/jpeg' } })
  for (const other of ['474946383961', 'ffd8', '', '3c68746d6c3e']) {
    t.match(faultOf(() => parseAnswer(200, Buffer.from(other, 'hex'), 'getwxacodeunlimit')).message, /neither JSON nor an image/)
  }
  t.match(faultOf(() => parseAnswer(502, png, 'getwxacodeunlimit')).message, /^HTTP status 502$/)
})

await t.test('parseAnswer: JSON is a success when its errcode is 0 or missing', async (t) => {
  t.strictSame(parseAnswer(200, Buffer.from('{"errcode":0,"a":1}'), 'jscode2session'), { json: { errcode: 0, a: 1 } })
  t.strictSame(parseAnswer(200, Buffer.from(' \n{"a":1}'), 'jscode2session'), { json: { a: 1 } })
  t.match(faultOf(() => parseAnswer(500, Buffer.from('{"a":1}'), 'jscode2session')).message, /^HTTP status 500$/)
  t.match(faultOf(() => parseAnswer(200, Buffer.from('{"a":'), 'jscode2session')).message, /invalid JSON/)
  t.match(faultOf(() => parseAnswer(200, Buffer.from('["a"]'), 'jscode2session')).message, /neither JSON nor an image/)
})

await t.test('parseAnswer: the fault has errcode and rid, and nothing of errmsg, when WeChat refuses', async (t) => {
  const body = Buffer.from('{"errcode":40163,"errmsg":"code been used, 0a1B2c3D, rid: 5fe0a1b2-0c1d2e3f-4a5b6c7d"}')
  for (const status of [200, 403]) {
    const fault = faultOf(() => parseAnswer(status, body, 'jscode2session'))
    t.hasStrict(fault, { errcode: 40163, remedy: 'js-code', rid: '5fe0a1b2-0c1d2e3f-4a5b6c7d' })
    t.notMatch(fault.message, /0a1B2c3D/)
  }
})

await t.test('parseAnswer: 40001 means the AppSecret when the call has no token', async (t) => {
  const body = Buffer.from('{"errcode":40001,"errmsg":"invalid credential"}')
  for (const endpoint of ['getwxacodeunlimit', 'generate_urllink'] as const) t.equal(faultOf(() => parseAnswer(200, body, endpoint)).remedy, 'refresh-token')
  for (const endpoint of ['stable_token', 'jscode2session'] as const) t.equal(faultOf(() => parseAnswer(200, body, endpoint)).remedy, 'operator')
})
