/** A second process on a store: `write <url>` writes until it is killed, `race <url> <name> <rounds>` claims and counts in every round. */
import { writeSync } from 'node:fs'
import { createStore } from '../../src/stores/store.ts'
import { createRecordingLog } from './recording-log.ts'
import { systemClock } from '../../src/runtime.ts'

const [task, url, name, rounds] = process.argv.slice(2)
const hour = 3_600_000
const store = createStore(url!, { clock: systemClock, log: createRecordingLog() }) // the tests give all arguments
// Neither the clock's timers nor the embedded store keep a process alive.
const alive = setInterval(() => {}, 1_000)
/** Writes unbuffered, so that the line is out before the next step. */
const print = (line: string) => { writeSync(1, `${line}\n`) }

if (task === 'write') {
  await store.write('record:1', { version: 1 }, hour)
  for (let n = 1; ; n++) {
    await store.write(`value:${n}`, n, hour)
    await store.claim(`claim:${n}`, n, hour)
    await store.replace('record:1', n, { version: n + 1 }, hour)
    await store.count('count:1', hour)
    print(String(n))
  }
}

print('ready')
for (let round = 0; round < Number(rounds); round++) {
  if (await store.claim(`race:${round}`, name, hour)) print(`won ${round}`)
  if (await store.acquirePlainSlot(`room-${round}`, name!, hour, 2)) print(`in ${round}`)
  print(`counted ${(await store.count('count:race', hour)).count}`)
}
print('done')
clearInterval(alive)
await store.close()
