/** Preloaded into a service: at SIGWINCH, a signal that the service ignores, it collects all garbage and prints how many bytes are in use. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { isMainThread } from 'node:worker_threads'

if (isMainThread) {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void // the flag adds `gc` to contexts created after it
  process.on('SIGWINCH', () => {
    collect()
    const { heapUsed, external } = process.memoryUsage()
    process.stdout.write(`{"bytesInUse":${heapUsed + external}}\n`)
  })
}
