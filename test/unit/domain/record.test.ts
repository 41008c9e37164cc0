// Which stored records this release understands, and what it says of the others.
import t from 'tap'
import { schema, understood } from '../../../src/domain/record.ts'

/** A record as some release stored it. */
const stored = (record: object) => record as { readonly schema: typeof schema } // what it says of its schema is what is tried

await t.test('record: it comes through as it is when its schema is this release\'s, or the first one, before there were others', async (t) => {
  for (const record of [stored({ schema, a: 1, later: {} }), stored({ a: 1 })]) t.equal(understood(record), record)
  t.equal(understood(undefined), undefined, 'and what is not there is not there')
})

await t.test('record: store-unavailable, with a time to ask again, when its schema is another', async (t) => {
  for (const other of [2, 0, '1', {}, true]) {
    t.throws(() => understood(stored({ schema: other })), { code: 'store-unavailable', status: 503, retryAfterSeconds: 2, message: 'This was stored by another release' }, JSON.stringify(other))
  }
})

await t.test('record: the log tells which schema was found and which is understood when it is another', async (t) => {
  t.throws(() => understood(stored({ schema: 2 })), { cause: { message: 'A stored record has schema 2, and this release understands 1' } })
})
