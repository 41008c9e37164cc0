/** `npm run bench` as it is typed. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'

const command = (...words: readonly string[]) => promisify(execFile)(process.execPath, [join(import.meta.dirname, 'main.ts'), ...words])

await t.test('bench: the command prints one table, or JSON alone, and exits with 0, when some rows are asked for', async (t) => {
  t.match((await command('--quick', '--only', 'start')).stdout, /^start to ready .+\n^resident memory, idle .+\n\nLoad generator/m)
  const { rows } = JSON.parse((await command('--quick', '--only', 'start', '--rounds', '2', '--json')).stdout)
  t.strictSame(rows.map(({ figures }: { figures: readonly number[] }) => figures.length), [2, 2])
})

await t.test('bench: the command names the measurements there are when one is asked for that it does not know', async (t) => {
  t.match((await command('--only', 'speed')).stderr, /^Error: --only knows logins, .+, not speed$/m)
})

await t.test('bench: the model prints a plan and what WeChat allows when it is asked for', async (t) => {
  t.match((await command('--model')).stdout, /1,000,000[^]+5,000 codes a minute/)
})
