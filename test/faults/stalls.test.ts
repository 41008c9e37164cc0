/** A process that is stopped for seconds, as on a machine without free CPU or memory: it must not take its own stall for an outage of the store. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { makeKeyFile } from '../../src/sessions/key-file.ts'
import { openDeployment, waitUntilReady } from '../support/service-process.ts'
import { startRedis } from '../support/redis.ts'

/** Longer than the deadlines of the store and of connections to Redis, and at the end longer than any answer may take. */
const stallsMs = [2_600, 2_600, 2_600, 2_600, 4_000, 5_600]
const callers = 40

for (const kind of ['redis', 'sqlite']) {
  await t.test(`E8 stalls: no call fails and nothing is logged when the process is stopped for seconds, again and again (${kind})`, async (t) => {
    const redis = await startRedis()
    t.teardown(() => redis.stop())
    const deployment = await openDeployment(t, { env: { MAX_TICKETS: '1000000', CODE_SUPPLY: '0', ...kind === 'redis' && { STORE_URL: redis.url } } })
    makeKeyFile(`${deployment.folder}/data/keys.json`)
    const service = await deployment.start()
    await waitUntilReady(deployment)
    const before = service.stdout().length

    let isOver = false
    const goesOn = () => !isOver
    const answers = new Map<number, number>()
    const call = async (): Promise<void> => {
      while (goesOn()) {
        const { status } = await deployment.call({ method: 'POST', path: '/api/tickets' })
        answers.set(status, (answers.get(status) ?? 0) + 1)
      }
    }
    const calling = Promise.all(Array.from({ length: callers }, call))
    for (const ms of stallsMs) {
      await sleep(300)
      service.kill('SIGSTOP')
      await sleep(ms)
      service.kill('SIGCONT')
    }
    await sleep(300)
    isOver = true
    await calling
    t.strictSame([...answers.keys()], [201], `${answers.get(201)} tickets, ${answers.get(503) ?? 0} refusals`)
    t.strictSame(service.stdout().slice(before).split('\n').filter((line) => /"level":[4-6]0/.test(line)), [])
  })
}
