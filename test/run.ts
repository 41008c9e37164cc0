/**
 * Runs a tier of the tests: `npm test`, or `npm run test:networks`, `test:faults`, `test:parties` or `test:install`. Files named on the command line run in place of the tier's. Exits
 * with tap's code, or with 1 if tests left processes behind.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { dirname, join } from 'node:path'
import { watchLeftovers } from './support/leftovers.ts'
import { tiers } from './support/tiers.js'

const repository = join(import.meta.dirname, '..')
const [name = 'base', ...words] = process.argv.slice(2)
const seed = process.env.TEST_SEED ?? String(Date.now() % 2 ** 31)
const print = (line: string): void => { process.stdout.write(`${line}\n`) }

const { folders, jobs, seconds: fileSeconds } = tiers[name]! // prepare.js runs first and refuses other names
const isMeasured = words.includes('--coverage')
const options = words.filter((word) => word.startsWith('-') && word !== '--coverage')
const named = words.filter((word) => !word.startsWith('-'))
const files = named.length > 0 ? named : folders.flatMap((folder) => globSync(`test/${folder}/**/*.test.ts`, { cwd: repository }))

/** Returns a file's milliseconds in the last run; undefined if it wasn't run here or didn't finish. */
const timeOf = (file: string): number | undefined => {
  try {
    const [, ms] = /^# time=([\d.]+)ms$/m.exec(readFileSync(join(repository, '.tap/test-results', `${file}.tap`), 'utf8')) ?? []
    return ms === undefined ? undefined : Number(ms)
  } catch {
    return undefined
  }
}

// tap builds itself without the plugins that package.json removes, but still runs the files of that first run with them.
const stamp = join(repository, 'node_modules/.cache/tap-is-built')
if (!existsSync(stamp)) {
  const { status } = spawnSync('tap', ['build'], { cwd: repository, stdio: ['ignore', 'ignore', 'inherit'] })
  if (status !== 0) process.exit(1)
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, '')
}

const start = performance.now()
print(`scan-login: ${files.length} files of tests, tier ${name}, TEST_SEED=${seed}`)
for (const file of files) rmSync(join(repository, '.tap/test-results', `${file}.tap`), { force: true })
const tap = spawn('tap', [`--jobs=${Math.max(1, Math.round(jobs * availableParallelism()))}`, ...isMeasured ? [] : ['--disable-coverage'], ...fileSeconds === undefined ? [] : [`--timeout=${fileSeconds}`], ...options, ...files], {
  cwd: repository,
  stdio: 'inherit',
  env: {
    ...process.env,
    TEST_SEED: seed,
    NODE_COMPILE_CACHE: join(repository, 'node_modules/.cache/node'),
    ...!isMeasured && { NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import=${new URL('support/quick-tap.js', import.meta.url).href}` },
  },
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => { tap.kill(signal) })
const watch = watchLeftovers(process.pid)
const [code] = await once(tap, 'close')
const left = await watch.stop()

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
const times = files.map((file) => ({ file, ms: timeOf(file) ?? 0 })).toSorted((a, b) => b.ms - a.ms)
print(`\nscan-login: tier ${name} took ${seconds(performance.now() - start)}; load ${loadavg()[1]?.toFixed(1)} on ${availableParallelism()} processors, TEST_SEED=${seed}; the longest:`)
for (const { file, ms } of times.slice(0, 10)) print(`${seconds(ms).padStart(9)}  ${file}`)
print(left.length === 0 ? 'No processes are left behind.' : `Left behind, and killed:\n${left.map((command) => `  ${command.slice(0, 160)}`).join('\n')}`)
process.exit(left.length > 0 ? 1 : code ?? 1)
