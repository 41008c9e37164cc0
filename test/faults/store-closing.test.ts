/** Owns that a store which is closed leaves no connection to Redis behind, however far it had come with making one. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { systemClock } from '../../src/runtime.ts'
import { createStore } from '../../src/stores/store.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { sendCommand, startCluster, startSentinelSet, startSingle } from '../support/redis-sets.ts'

/** Before, during and after the moment at which it connects. Milliseconds. */
const momentsMs = [0, 1, 2, 3, 5, 8, 13, 20, 30, 50, 100, 200, 500]
/** Whoever is there after so long, stays: the time for which a dead connection is kept, and as much again for a busy machine. Milliseconds. */
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
