/** The mark of the keys in the store: who leaves it, when it is told that there was another, and that it gives nothing away. */
import t from 'tap'
import { Problem } from '../../../src/errors.ts'
import type { Store } from '../../../src/login/store-port.ts'
import { hasKeys, keyMarkOf, readKeyMark, writeKeyMark } from '../../../src/sessions/key-mark.ts'
import { generateKeys } from '../../../src/sessions/key-set.ts'
import { createStore } from '../../../src/stores/store.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { withProviderKeys } from '../../support/provider-keys.ts'
import { createRecordingLog } from '../../support/recording-log.ts'
import { settle } from '../../support/waiting.ts'

await t.test('key mark: it changes with the subject key and with the cookie key, and not with the keys that sign', async (t) => {
  const [one, other] = [generateKeys(), generateKeys()]
  const mark = keyMarkOf('wx1', one)
  t.ok(hasKeys(mark, { ...one, signing: other.signing } as typeof one))
  t.strictSame(keyMarkOf('wx1', withProviderKeys(one)), mark, 'nor where the OpenID Provider has keys')
  t.notOk(hasKeys(mark, { ...one, subject: other.subject }))
  t.notOk(hasKeys(mark, { ...one, cookie: other.cookie }))
  for (const key of [one.subject, one.cookie]) t.notOk(JSON.stringify(mark).includes(key.toString('base64url')))
})

await t.test('key mark: it is left once the store answers, stays, and a warning says so when there was another', async (t) => {
  const clock = createFakeClock()
  const warnings: string[] = []
  const log = { ...createRecordingLog(), warn: (_fields: object, message: string) => { warnings.push(message) } }
  const real = createStore('sqlite::memory:', { clock, log })
  t.teardown(() => real.close())
  let isAway = true
  let writes = 0
  const answering = <T>(work: () => Promise<T>): Promise<T> => isAway ? Promise.reject(new Problem('store-unavailable')) : work()
  const store: Store = {
    ...real,
    read: <T>(key: string) => answering(() => real.read<T>(key)),
    write: (...args) => answering(() => {
      writes++
      return real.write(...args)
    }),
  }
  const [keys, others] = [generateKeys(), generateKeys()]
  const [mark, other] = [keyMarkOf('wx1', keys), keyMarkOf('wx1', others)]
  const left = async (one: typeof mark): Promise<void> => {
    const stop = writeKeyMark(store, one, { clock, log })
    for (let n = 0; n < 10; n++) {
      await settle()
      clock.advance(250)
    }
    await settle()
    stop()
  }

  await left(mark)
  isAway = false
  await settle()
  clock.advance(10_000)
  await settle()
  t.equal(await readKeyMark(store), undefined, 'none by who has stopped')
  isAway = true
  const stop = writeKeyMark(store, mark, { clock, log })
  await settle()
  isAway = false
  clock.advance(250)
  await settle()
  t.hasStrict(await readKeyMark(store), mark)
  stop()
  await left(mark)
  t.strictSame([writes, warnings], [1, []], 'the same again changes nothing')
  await left(keyMarkOf('wx1', { ...keys, cookie: others.cookie }))
  t.strictSame([writes, warnings], [2, []], 'nobody is another person with another cookie key')
  await left(other)
  t.hasStrict(await readKeyMark(store), other)
  await left({ ...other, appid: 'wx2' })
  t.equal(warnings.length, 2)
  t.match(warnings[0], /another KEYS_FILE or WECHAT_APPID/)
  const unwritable: Store = { ...store, write: async () => { throw new Problem('store-unavailable') } }
  const end = writeKeyMark(unwritable, mark, { clock, log })
  for (let tries = 0; tries < 10; tries++) {
    await settle()
    clock.advance(250)
  }
  end()
  t.equal(warnings.length, 3, 'once when the store takes no mark')
})
