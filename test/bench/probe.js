/**
 * Preloaded into each measured process: answers on its IPC channel with what it has used so far. Plain JavaScript, as the first TypeScript file loads the
 * compiler, which takes 18 MB.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { isMainThread } from 'node:worker_threads'

const collect = () => {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') // the flag adds `gc` to contexts created after it
  gc()
  gc() // what the first one finalised
}

const report = ({ afterCollection }) => {
  if (afterCollection) collect()
  const { user, system } = process.cpuUsage() // of all its threads
  const { heapUsed, rss } = process.memoryUsage()
  process.send({ cpuMs: (user + system) / 1000, heapBytes: heapUsed, residentBytes: rss })
}

if (isMainThread && process.send !== undefined) {
  process.on('message', report)
  process.channel.unref() // must not keep the process alive
}
