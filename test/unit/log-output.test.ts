import { pino } from 'pino'
import t, { type Test } from 'tap'
import { gatherLines, gatherMs, libraryLines } from '../../src/log-output.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { makeFolder, run } from '../support/service-process.ts'
import { waitUntil } from '../support/waiting.ts'

const openLog = (_t: Test) => {
  const clock = createFakeClock()
  const writes: string[] = []
  const output = gatherLines((lines) => { writes.push(lines) }, clock)
  return { clock, output, log: pino({ base: null }, output), written: () => writes.map((lines) => lines.trimEnd().split('\n').map((line) => (JSON.parse(line) as { msg: string }).msg)) }
}

await t.test('log: lines are written together, in order, when their time is up', async (t) => {
  const { clock, log, written } = openLog(t)
  log.info('one')
  log.child({ reqId: 'a' }).warn('two')
  clock.advance(gatherMs - 1)
  t.strictSame(written(), [])
  clock.advance(1)
  t.strictSame(written(), [['one', 'two']])
  clock.advance(10 * gatherMs)
  log.info('three')
  clock.advance(gatherMs)
  t.strictSame(written(), [['one', 'two'], ['three']])
})

await t.test('log: a warning or an error gets a code where a library wrote it, and keeps its own where we did', async (t) => {
  const lines: Array<Record<string, unknown>> = []
  const log = pino({ base: null, ...libraryLines }, { write: (line: string) => { lines.push(JSON.parse(line) as Record<string, unknown>) } })
  log.warn('one of Fastify\'s')
  log.child({ reqId: 'a' }).error(new Error('another'))
  log.warn({ code: 'weak-setting', setting: 'A' }, 'ours')
  log.info({ event: 'refused' }, 'audit')
  log.fatal({ err: new Error('a third') })
  t.strictSame(lines.map(({ code }) => code), ['unexpected', 'unexpected', 'weak-setting', undefined, 'unexpected'])
  t.hasStrict(lines[1], { reqId: 'a', msg: 'another', err: { message: 'another' } })
  t.hasStrict(lines[2], { setting: 'A', msg: 'ours' })
})

await t.test('log: it is written at once, with the lines before it, when it is an error or worse', async (t) => {
  const { clock, log, written } = openLog(t)
  log.info('before')
  log.error('failed')
  t.strictSame(written(), [['before', 'failed']])
  log.info('after')
  t.strictSame(written(), [['before', 'failed']])
  log.child({}).fatal('ends')
  t.strictSame(written(), [['before', 'failed'], ['after', 'ends']])
  clock.advance(gatherMs)
  t.equal(written().length, 2)
})

await t.test('log: gathered lines are written at once when they are many', async (t) => {
  const { log, written } = openLog(t)
  for (let i = 0; i < 1000; i++) log.info(`${i} ${'x'.repeat(100)}`)
  t.ok(written().length > 5 && written().length < 20)
  const all = written().flat().map((line) => Number(line.split(' ')[0]))
  t.strictSame(all, all.map((_, i) => i), 'in order, and each once')
})

await t.test('log: what is gathered is written when it is flushed, and nothing where nothing is', async (t) => {
  const { clock, log, output, written } = openLog(t)
  output.flush()
  t.strictSame(written(), [])
  log.info('last')
  output.flush()
  t.strictSame(written(), [['last']])
  clock.advance(gatherMs)
  t.equal(written().length, 1)
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  await t.test(`log: what is gathered is written, and the process ends by the signal, when it is ${signal} and nobody handles it yet`, async (t) => {
    const program = run(t, { script: 'test/support/log-and-wait.ts', folder: makeFolder(t) })
    await waitUntil(() => program.stdout().includes('ready'))
    program.kill(signal)
    const { code, signal: endedBy, stdout } = await program.ended
    t.strictSame([code, endedBy], [null, signal])
    t.match(stdout, /"msg":"ready"[^\n]*\n[^\n]*"msg":"last"/)
  })
}
