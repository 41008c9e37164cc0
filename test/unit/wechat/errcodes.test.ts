import t from 'tap'
import { errcodeOf, ridOf } from '../../../src/wechat/errcodes.ts'

await t.test('errcodeOf: the line says how to fix it when an operator can', async (t) => {
  const fixes: Array<[number, RegExp]> = [
    [40013, /Set WECHAT_APPID/], [40125, /Set WECHAT_SECRET/], [41002, /Set WECHAT_APPID/], [41004, /Set WECHAT_SECRET/],
    [40164, /IP white list/], [40243, /Unfreeze/], [89501, /approve/], [89503, /approve/], [89506, /24 hours/], [89507, /an hour/],
    [40097, /WECHAT_ENV_VERSION/], [41030, /Publish/], [48001, /Publish/], [48004, /appeal/], [50002, /appeal/], [50004, /appeal/],
    [50007, /appeal/], [61024, /third-party/],
    [85079, /Publish/], [40165, /Publish/], [85401, /clock/], [85402, /WECHAT_ENV_VERSION/], [85407, /WECHAT_URL_LINK/], [85408, /appeal/],
  ]
  for (const [errcode, line] of fixes) {
    const known = errcodeOf(errcode, '', 'getwxacodeunlimit')
    t.equal(known?.remedy, 'operator', `${errcode}`)
    t.match(known?.line, line)
    t.notMatch(known?.line, /[{}]/)
  }
})

await t.test('errcodeOf: an errcode has its endpoint\'s own meaning where there is one', async (t) => {
  t.hasStrict(errcodeOf(40002, '', 'generate_urllink'), { remedy: 'operator', retryAfterSeconds: 600 })
  t.match(errcodeOf(40002, '', 'generate_urllink')?.line, /belongs to an individual.*set WECHAT_URL_LINK to off/)
  t.equal(errcodeOf(40002, '', 'stable_token')?.remedy, 'bug')
  t.match(errcodeOf(40013, '', 'generate_urllink')?.line, /has banned URL Links/)
  t.match(errcodeOf(40013, '', 'stable_token')?.line, /Set WECHAT_APPID/)
})

await t.test('errcodeOf: the line has the refused address when errmsg has one, in every known form', async (t) => {
  const forms: Array<[string, string]> = [
    ['invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist rid: 5fe0a1b2-0c1d2e3f-4a5b6c7d', '203.0.113.7'],
    ['invalid ip 2001:db8::7, not in whitelist', '2001:db8::7'],
    ['invalid ip, not in whitelist', 'the address of this server'],
    ['invalid ip 999.1.1.1', 'the address of this server'],
    ['', 'the address of this server'],
  ]
  for (const [errmsg, address] of forms) t.ok(errcodeOf(40164, errmsg, 'stable_token')?.line.startsWith(`WeChat refuses calls from ${address}. Add it`), errmsg)
})

await t.test('errcodeOf: undefined when the errcode is unknown', async (t) => {
  for (const errcode of [0, 1, 99999, NaN]) t.equal(errcodeOf(errcode, '', 'getwxacodeunlimit'), undefined)
})

await t.test('ridOf: undefined when the id does not have the form of one', async (t) => {
  t.equal(ridOf('invalid code, rid: 5fe0a1b2-0c1d2e3f-4a5b6c7d'), '5fe0a1b2-0c1d2e3f-4a5b6c7d')
  t.equal(ridOf('invalid code rid: somebody'), undefined)
  t.equal(ridOf('invalid code, hints: [ req_id: AbC ]'), undefined)
})
