/** Preloaded into a process: its date jumps a minute ahead at each SIGUSR2, which it confirms on stdout. */
import process from 'node:process'

const now = Date.now
let skippedMs = 0
Date.now = () => now() + skippedMs
process.on('SIGUSR2', () => {
  skippedMs += 60_000
  process.stdout.write('skipped\n')
})
