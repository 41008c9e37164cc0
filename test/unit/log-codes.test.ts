/** The codes of warnings and errors. The table of `src/http/README.md` is held to them by test/http/readme.test.ts. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { logCodes } from '../../src/log-codes.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { repository } from '../support/readmes.ts'

/** The demo has a log of its own for its window. */
const sources = globSync('src/**/*.ts', { cwd: repository, exclude: ['src/demo/**'] })
  .map((file) => ({ file, text: readFileSync(join(repository, file), 'utf8') }))

await t.test('log codes: each is of plain words, as released ones stay, and is written somewhere', async (t) => {
  for (const code of Object.keys(logCodes)) {
    t.match(code, /^[a-z]+(?:-[a-z]+)*$/)
    t.ok(sources.some(({ file, text }) => file !== 'src/log-codes.ts' && text.includes(`'${code}'`)), `${code} is in the code`)
  }
})

await t.test('log codes: every warning and error goes through the type that demands one', async (t) => {
  const calls = sources.flatMap(({ file, text }) => [...text.matchAll(/([\w.)\]?!]+)\.(?:warn|error|fatal)\(/g)].map(([, receiver]) => ({ file, receiver, hasType: /import type \{.*\bLog\b.*\/ports\.ts'/.test(text) })))
  t.strictSame(calls.filter(({ receiver, hasType }) => receiver !== 'log' || !hasType), [], 'none through a logger of pino\'s or Fastify\'s, such as request.log')
  t.ok(calls.length > 45, `${calls.length} calls`)

  const log = createRecordingLog()
  // @ts-expect-error -- no code
  log.warn({}, 'a line')
  // @ts-expect-error -- a code of another level
  log.error({ code: 'weak-setting' }, 'a line')
  // @ts-expect-error -- an unknown code
  log.warn({ code: 'unheard-of' }, 'a line')
  log.warn({ code: 'weak-setting', beside: 1 }, 'a line')
})
