import t from 'tap'
import { assertKnownSchema, schema } from '../../../src/domain/record.ts'

await t.test('record: it is accepted when its schema is this release\'s, or missing as in the first one', async (t) => {
  for (const record of [{ schema, a: 1, later: {} }, { a: 1 } as { schema?: unknown }]) t.doesNotThrow(() => { assertKnownSchema(record) })
})

await t.test('record: it is refused with store-unavailable, and a time to ask again, when its schema is unknown', async (t) => {
  for (const other of [2, 0, '1', {}, true]) {
    t.throws(() => { assertKnownSchema({ schema: other }) }, { code: 'store-unavailable', status: 503, retryAfterSeconds: 2, message: 'This was stored by another release' }, JSON.stringify(other))
  }
})

await t.test('record: the cause names the schema that was found and the known ones when it is unknown', async (t) => {
  t.throws(() => { assertKnownSchema({ schema: 2 }) }, { cause: { message: 'A stored record has schema 2, and this release knows 1' } })
})
