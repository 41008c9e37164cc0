/** How long an endpoint of WeChat's is left alone, whatever becomes of the time of day. */
import t from 'tap'
import { WechatFault } from '../../../src/wechat/fault.ts'
import { createPauses } from '../../../src/wechat/pauses.ts'
import { createFakeClock } from '../../support/fake-clock.ts'

for (const [how, byMs] of [['back', -10_800_000], ['ahead', 10_800_000]] as const) {
  await t.test(`E8 pauses: one lasts as long as it was meant to when the clock is set ${how} by 3 h meanwhile`, async (t) => {
    const clock = createFakeClock()
    const pauses = createPauses(clock)
    pauses.begin('getwxacodeunlimit', new WechatFault('full', { retryAfterSeconds: 60 }))
    clock.set(byMs)
    clock.advance(59_000)
    t.throws(() => { pauses.check('getwxacodeunlimit') }, new WechatFault('full', { retryAfterSeconds: 1 }))
    clock.advance(1_000)
    pauses.check('getwxacodeunlimit')
    t.pass('it is over')
  })
}
