import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { watchLeftovers } from '../../support/leftovers.ts'
import { makeFolder } from '../../support/service-process.ts'

/** A child that lives on when its parent is killed, in a file that is named as tests are; both tell when they are there. */
const parent = `import { spawn } from 'node:child_process'
spawn(process.execPath, ['-e', 'process.stdout.write(process.pid + "\\\\n"); setInterval(() => {}, 1000)'], { detached: true, stdio: ['ignore', 'inherit', 'ignore'] })
setInterval(() => {}, 1000)
`

await t.test('leftovers: what a test file started is ended with it, and told; what is another\'s goes on', async (t) => {
  const folder = makeFolder(t)
  const file = join(folder, 'planted.test.ts')
  writeFileSync(file, parent)
  const [one, other] = [spawn(process.execPath, [file]), spawn(process.execPath, [file])]
  t.teardown(() => { for (const child of [one, other]) child.kill('SIGKILL') })
  const [, ofOther] = (await Promise.all([one, other].map((child) => once(child.stdout, 'data')))).map(([data]) => Number(String(data)))
  const watch = watchLeftovers(process.pid, 0)
  t.teardown(() => watch.stop())
  watch.check()
  const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  t.teardown(() => { stranger.kill('SIGKILL') })
  t.strictSame(await watchLeftovers(stranger.pid ?? 0, 0).stop(), [], 'what descends from another process is none of its')
  one.kill('SIGKILL')
  await once(one, 'exit')
  watch.check()
  await once(one, 'close') // nobody holds its output any more
  t.ok(process.kill(ofOther ?? 0, 0), 'the other\'s is there')
  t.match((await watch.stop()).toSorted(), [/ -e /, / -e /, /planted\.test\.ts/], 'all of it is ended once the run is over, and told')
  await once(other, 'close')
})
