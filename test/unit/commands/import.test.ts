/** The import of many people beside a webhook: all their steps get into its queue, however slowly the store takes them. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { importPeople } from '../../../src/commands/people/import.ts'
import type { Parts } from '../../../src/commands/people/parts.ts'
import { randomBytes } from '../../../src/domain/random-pool.ts'
import type { Store } from '../../../src/login/store-port.ts'
import { createPeople } from '../../../src/people/people.ts'
import { createWechatIds } from '../../../src/people/wechat-ids.ts'
import { systemClock } from '../../../src/runtime.ts'
import { generateKeys } from '../../../src/sessions/key-set.ts'
import { createStore } from '../../../src/stores/store.ts'
import { openStepQueue, withStepQueue } from '../../../src/webhook/webhook.ts'
import { createRecordingLog } from '../../support/recording-log.ts'
import { makeFolder } from '../../support/service-process.ts'

await t.test('import: no step is dropped when thousands of people are imported and the store takes steps slowly', async (t) => {
  const people = 5500 // two steps each, and 10,000 are kept in memory
  const file = join(makeFolder(t), 'users.csv')
  writeFileSync(file, `openid,groups\n${Array.from({ length: people }, (_, n) => `o${n},staff\n`).join('')}`)
  const [clock, keys, log] = [systemClock, generateKeys(), createRecordingLog()]
  const store = createStore('sqlite::memory:', { clock, log })
  t.teardown(() => store.close())
  const slow: Store = {
    ...store,
    addToList: async (list, text) => {
      await new Promise((resolve) => { setTimeout(resolve, 20) })
      await store.addToList(list, text)
    },
  }
  const queue = openStepQueue(slow, { sealingKey: keys.cookie, clock, random: randomBytes, log })
  let recorded = 0
  const parts = {
    config: { WECHAT_APPID: 'wx1' },
    keys,
    people: createPeople(store, clock),
    wechatIds: createWechatIds(store, { subjectKey: keys.subject, isKept: false }),
    audit: withStepQueue({ record: () => { recorded++ } }, queue),
    flushSteps: queue.flush,
    appidOfService: async () => 'wx1',
  } as unknown as Parts // an import needs no more of them
  t.strictSame(await importPeople(parts, file), { new: people, changed: 0, unchanged: 0, blocked: 0 })
  await queue.close()
  t.equal(recorded, 2 * people)
  t.strictSame(log.lines, [])
  t.ok(await store.lengthOfList('webhook') >= 2 * people / 20)
})
