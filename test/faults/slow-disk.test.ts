// The embedded store on a disk whose flushes are slow, hang or fail: nobody waits who has nothing to wait for, and what was answered with success is kept.
import t from 'tap'
import { openBrowser } from '../support/clients.ts'
import { makeFolder, openDeployment, waitUntilReady } from '../support/service-process.ts'
import { makeSlowDisk } from '../support/slow-disk.ts'
import type { Answer } from '../support/test-service.ts'
import { waitUntil } from '../support/waiting.ts'

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

await t.test('slow disk: other visitors\' polls and codes take no longer while people log in and each flush takes 50 ms', async (t) => {
  const disk = makeSlowDisk(makeFolder(t))
  const deployment = await openDeployment(t, { env: { ...disk.env, LIMIT_PHONE: '100000' } })
  await deployment.start()
  const visitor = await openBrowser(deployment)
  const code = { path: `/api/tickets/${visitor.ticket}/code` }
  t.equal((await deployment.call(code)).status, 200)

  let isOver = false
  let logins = 0
  const goesOn = (until = Infinity): boolean => !isOver && logins < until
  const people = Promise.all(['a', 'b', 'c', 'd'].map(async (person) => {
    const phone = await deployment.phone(person)
    while (goesOn()) {
      const browser = await openBrowser(deployment)
      await phone.scan(browser.ticket)
      await phone.confirm(browser.ticket, await browser.matchCode())
      t.equal((await browser.consume()).status, 200)
      logins += 1
    }
  }))
  const delays: Record<'usual' | 'slow', number[]> = { usual: [], slow: [] }
  for (let round = 0; round < 4; round++) {
    for (const phase of ['usual', 'slow'] as const) {
      disk.set(phase === 'slow' ? 50 : 0)
      for (const until = logins + 6; goesOn(until);) {
        const began = performance.now()
        const answers = [await visitor.poll(), await deployment.call(code)]
        delays[phase].push(performance.now() - began)
        if (answers.some(({ status }) => status !== 200)) t.fail('a visitor is refused')
      }
    }
  }
  isOver = true
  disk.set(0)
  await people
  const [usual, slow] = [median(delays.usual), median(delays.slow)]
  t.ok(slow < usual * 3, `median ${slow.toFixed(1)} ms, usually ${usual.toFixed(1)} ms, beside ${logins} logins`)
})

await t.test('slow disk: a call whose flush hangs is refused, others are answered, and all works again when the disk does', async (t) => {
  const disk = makeSlowDisk(makeFolder(t))
  const deployment = await openDeployment(t, { env: disk.env })
  await deployment.start()
  const phone = await deployment.phone()
  const [browser, other] = [await openBrowser(deployment), await openBrowser(deployment)]

  disk.set(3600_000)
  t.hasStrict(await phone.scan(browser.ticket), { status: 503, json: { code: 'store-unavailable' } })
  t.equal((await deployment.call({ path: '/health/ready' })).status, 503)
  t.equal((await deployment.call({ path: '/health/live' })).status, 200)
  t.hasStrict(await other.poll(), { status: 200, json: { state: 'pending' } })

  disk.set(0)
  await waitUntilReady(deployment)
  t.hasStrict(await phone.scan(browser.ticket), { status: 200, json: { state: 'scanned' } })
})

await t.test('slow disk: the process ends on SIGTERM when a flush hangs, and what was answered is there when it starts again', async (t) => {
  const disk = makeSlowDisk(makeFolder(t))
  const deployment = await openDeployment(t, { env: disk.env })
  const service = await deployment.start()
  const browser = await openBrowser(deployment)
  disk.set(3600_000)
  t.equal((await openBrowser(deployment)).created.status, 503)
  service.kill('SIGTERM')
  t.hasStrict(await service.ended, { signal: 'SIGKILL' }, 'by itself, as nothing else ends a flush that hangs')
  disk.set(0)
  await deployment.start()
  t.hasStrict(await browser.poll(), { status: 200, json: { state: 'pending' } })
})

await t.test('slow disk: the process ends on SIGTERM when the disk hangs while the service is idle, and what was answered is there when it starts again', async (t) => {
  const disk = makeSlowDisk(makeFolder(t))
  const deployment = await openDeployment(t, { env: { ...disk.env, CODE_SUPPLY: '0' } }) // nothing is stored in the background
  const service = await deployment.start()
  const browser = await openBrowser(deployment)
  disk.set(3600_000)
  service.kill('SIGTERM')
  t.hasStrict(await service.ended, { signal: 'SIGKILL' })
  disk.set(0)
  await deployment.start()
  t.hasStrict(await browser.poll(), { status: 200, json: { state: 'pending' } })
})

for (const [name, errno] of [['EIO', 5], ['ENOSPC', 28]] as const) {
  await t.test(`slow disk: all calls that wait for a flush are refused when it fails with ${name}, and the service mends itself when the disk is well`, async (t) => {
    const disk = makeSlowDisk(makeFolder(t))
    const deployment = await openDeployment(t, { env: disk.env })
    const service = await deployment.start()
    const phone = await deployment.phone()
    const [browser, other] = [await openBrowser(deployment), await openBrowser(deployment)]

    t.equal((await other.poll()).status, 200)

    disk.set(300, errno)
    const refused = await Promise.all<Answer>([phone.scan(browser.ticket), ...Array.from({ length: 5 }, async () => (await openBrowser(deployment)).created)])
    t.strictSame(refused.map(({ status, json }) => [status, json.code]), Array(6).fill([503, 'store-unavailable']))
    t.equal((await deployment.call({ path: '/health/ready' })).status, 503)
    t.hasStrict(await other.poll(), { status: 200, json: { state: 'pending' } }, 'what was safe before can be read, and polls that are under way go on')

    disk.set(0)
    await waitUntilReady(deployment)
    t.hasStrict(await phone.scan(browser.ticket), { status: 200, json: { state: 'scanned' } })
    const lines = () => service.stdout().split('\n').filter((line) => line.includes('"msg":"The disk')).map((line) => JSON.parse(line) as { level: number, err?: { code: string } })
    await waitUntil(() => lines().length > 1) // lines are written a moment later
    t.strictSame(lines().map(({ level, err }) => [level, err?.code]), [[50, name], [30, undefined]])

    service.kill('SIGKILL')
    await service.ended
    await deployment.start()
    t.hasStrict(await browser.poll(), { status: 200, json: { state: 'scanned' } })
  })
}
