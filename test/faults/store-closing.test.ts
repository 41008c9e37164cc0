/** A closed store leaves no connection to Redis behind, even where it is closed while it connects. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { systemClock } from '../../src/runtime.ts'
import { createStore } from '../../src/stores/store.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { sendCommand, startCluster, startSentinelSet, startSingle } from '../support/redis-sets.ts'

/** How long after opening the store is closed: before, during and after it connects. */
const momentsMs = [0, 1, 2, 3, 5, 8, 13, 20, 30, 50, 100, 200, 500]
/** A connection that is still there after this has leaked. Generous, for a busy machine. */
const goneWithinMs = 10_000

for (const [kind, open] of Object.entries({ server: startSingle, sentinel: startSentinelSet, cluster: startCluster })) {
  await t.test(`closing: no connection is left when a store is closed while it connects (${kind})`, async (t) => {
    const { url, servers } = await open(t)
    const ours = async (): Promise<string[]> => {
      const lists = await Promise.all(servers.map(async ({ port }) => String(await sendCommand(port, 'CLIENT', 'LIST'))))
      return lists.flatMap((list) => list.split('\n')).filter((line) => / name=scan-login /.test(line))
    }
    for (const ms of momentsMs) {
      const store = createStore(url, { clock: systemClock, log: createRecordingLog() })
      await sleep(ms)
      await store.close()
    }
    const giveUpAt = performance.now() + goneWithinMs
    while ((await ours()).length > 0 && performance.now() < giveUpAt) await sleep(50)
    t.strictSame(await ours(), [])
  })
}
