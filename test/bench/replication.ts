/**
 * Measures how many writes a failover loses: Redis answers before its replicas have the write. Kills the master of a Sentinel set again and again while
 * claims are written, at once or after its replicas were stopped for a while, and counts the claims that were answered with success and are gone
 * afterwards. `npm run bench -- --replication`, or with a number of rounds: `npm run bench -- --replication 3`
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../src/runtime.ts'
import { createStore } from '../../src/stores/store.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { startSentinelSet } from '../support/redis-sets.ts'
import { createTeardownScope } from '../support/teardown-scope.ts'

const writers = 8
const hour = 3_600_000
const stallMs = 4_000

const round = async (args: readonly string[], isStalled: boolean): Promise<{ answered: number, lost: number, awayMs: number }> => {
  const scope = createTeardownScope()
  try {
    const set = await startSentinelSet(scope, { args })
    const store = createStore(set.url, { clock: systemClock, log: createRecordingLog() })
    scope.teardown(() => store.close())
    while (!await store.check().then(() => true, () => false)) await sleep(50)

    const answered: string[] = []
    let isOver = false
    const goesOn = () => !isOver
    const write = async (writer: number): Promise<void> => {
      for (let n = 0; goesOn(); n++) {
        const key = `claim:${writer}-${n}`
        await store.claim(key, n, hour).then(() => { answered.push(key) }, () => sleep(10))
      }
    }
    const writing = Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)))
    await sleep(1_000 + Math.random() * 500)
    const master = await set.masterOf('')
    const replicas = set.servers.filter((server) => server !== master)
    if (isStalled) {
      for (const replica of replicas) replica.kill('SIGSTOP')
      await sleep(stallMs)
    }
    await master.stop()
    for (const replica of replicas) replica.kill('SIGCONT')
    const killedAt = performance.now()
    isOver = true
    await writing
    while (!await store.check().then(() => true, () => false)) await sleep(20)
    const awayMs = performance.now() - killedAt
    let lost = 0
    for (let from = 0; from < answered.length; from += 500) {
      const found = await store.readMany(answered.slice(from, from + 500))
      lost += found.filter((value) => value === undefined).length
    }
    return { answered: answered.length, lost, awayMs: Math.round(awayMs) }
  } finally {
    await scope.end()
  }
}

/** Prints what was lost, setting by setting. */
export const measureReplication = async (rounds: number, print: (line: string) => void): Promise<void> => {
  for (const [name, args] of Object.entries({
    'default settings': [],
    'min-replicas-to-write 1, min-replicas-max-lag 1': ['--min-replicas-to-write', '1', '--min-replicas-max-lag', '1'],
  })) {
    for (const isStalled of [false, true]) {
      const results = []
      for (let n = 0; n < rounds; n++) results.push(await round(args, isStalled))
      const losses = results.map(({ lost, answered }) => `${lost} of ${answered}`).join(', ')
      const when = isStalled ? `after ${stallMs} ms without the replicas` : 'at once'
      print(`${name}, killed ${when}: lost of the writes answered: ${losses}; away for ${results.map(({ awayMs }) => awayMs).join(', ')} ms`)
    }
  }
}
