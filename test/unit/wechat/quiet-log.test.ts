import { pino } from 'pino'
import t from 'tap'
import { createQuietLog } from '../../../src/wechat/quiet-log.ts'
import { createFakeClock } from '../../support/fake-clock.ts'

await t.test('quiet log: a line that repeats is written once a minute, with the count of its repetitions, and other lines at once', async (t) => {
  const clock = createFakeClock()
  const lines: unknown[] = []
  const note = (level: string) => (fields: object, message: string): void => { lines.push([level, fields, message]) }
  const log = createQuietLog({ info: note('info'), warn: note('warn'), error: note('error') }, clock)
  for (let i = 0; i < 1000; i++) log.warn({ code: 'wechat-limited', endpoint: 'codes', errcode: 1, rid: `rid-${i}` }, 'refused')
  log.warn({ code: 'wechat-limited', endpoint: 'links', errcode: 1 }, 'refused')
  log.warn({ code: 'wechat-limited', endpoint: 'codes', errcode: 2 }, 'refused')
  log.error({ code: 'wechat-refused', endpoint: 'codes', errcode: 1 }, 'refused')
  log.info({}, 'else')
  t.equal(lines.length, 5)
  clock.advance(59_999)
  log.warn({ code: 'wechat-limited', endpoint: 'codes', errcode: 1 }, 'refused')
  t.equal(lines.length, 5)
  clock.advance(1)
  log.warn({ code: 'wechat-limited', endpoint: 'codes', errcode: 1 }, 'refused')
  t.strictSame(lines.at(-1), ['warn', { code: 'wechat-limited', endpoint: 'codes', errcode: 1, repeated: 1000 }, 'refused'])
})

await t.test('quiet log: it writes to the log of a service', (t) => {
  const lines: Array<Record<string, unknown>> = []
  const log = createQuietLog(pino({ base: null }, { write: (line) => { lines.push(JSON.parse(line)) } }), createFakeClock())
  log.info({}, 'first')
  log.warn({ code: 'wechat-limited', errcode: 45011 }, 'second')
  log.error({ code: 'wechat-refused', errcode: 40013 }, 'third')
  t.strictSame(lines.map(({ level, code, msg }) => [level, code, msg]), [[30, undefined, 'first'], [40, 'wechat-limited', 'second'], [50, 'wechat-refused', 'third']])
  t.end()
})
