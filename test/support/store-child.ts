/** Owns a second process on a store, as tests need it: `write <url>` writes until it is killed, `race <url> <name> <rounds>` claims and counts in every round. */
import { writeSync } from 'node:fs'
import { createStore } from '../../src/stores/store.ts'
import { createRecordingLog } from './recording-log.ts'
import { systemClock } from '../../src/runtime.ts'

const [task, url, name, rounds] = process.argv.slice(2)
const hour = 3_600_000
const store = createStore(url!, { clock: systemClock, log: createRecordingLog() }) // Given by the tests, as all below.
// The clock's timers keep no process alive, and the embedded store has nothing else.
const alive = setInterval(() => {}, 1_000)
/** At once and unbuffered: what is said here is said before the next step. */
const say = (line: string) => { writeSync(1, `${line}\n`) }

if (task === 'write') {
  await store.write('record:1', { version: 1 }, hour)
  for (let n = 1; ; n++) {
    await store.write(`value:${n}`, n, hour)
    await store.claim(`claim:${n}`, n, hour)
    await store.replace('record:1', n, { version: n + 1 }, hour)
    await store.count('count:1', hour)
    say(String(n))
  }
}

say('ready')
for (let round = 0; round < Number(rounds); round++) {
  if (await store.claim(`race:${round}`, name, hour)) say(`won ${round}`)
  if (await store.acquirePlainSlot(`room-${round}`, name!, hour, 2)) say(`in ${round}`)
  say(`counted ${(await store.count('count:race', hour)).count}`)
}
say('done')
clearInterval(alive)
await store.close()
