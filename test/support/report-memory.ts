/** Loaded into a service before its own code: at SIGWINCH, with which a service does nothing, it collects all garbage and says how many bytes are left in use. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { isMainThread } from 'node:worker_threads'

if (isMainThread) {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void // what the flag adds to a context that is made after it
  process.on('SIGWINCH', () => {
    collect()
    const { heapUsed, external } = process.memoryUsage()
    process.stdout.write(`{"bytesInUse":${heapUsed + external}}\n`)
  })
}
