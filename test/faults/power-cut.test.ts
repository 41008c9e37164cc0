// A power cut in the middle of logins: from the files of the store as they were last flushed, the service goes on with everything that it had answered.
import { cpSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openBrowser } from '../support/clients.ts'
import { makeFolder, openDeployment } from '../support/service-process.ts'
import { makeSlowDisk } from '../support/slow-disk.ts'
import { writesPerCheckpoint } from '../../src/stores/checkpoints.ts'

const people = 16
/** A login writes to the store about twelve times; two checkpoints belong to the test. */
const enough = Math.ceil(writesPerCheckpoint * 2.5 / 12)

await t.test('power cut: every login and every logout that was answered holds when only what was flushed is left of the store', async (t) => {
  const disk = makeSlowDisk(makeFolder(t))
  const deployment = await openDeployment(t, { env: { ...disk.env, DISK_COPIES: disk.copies, CODE_SUPPLY: '0', LIMIT_PHONE: '100000' } })
  const first = await deployment.start()

  const open: string[] = []
  const ended: string[] = []
  const session = (cookie: string, method: 'GET' | 'DELETE' = 'GET') => deployment.call({ method, path: '/api/session', headers: { cookie, 'sec-fetch-site': 'same-origin' } })
  const logIn = async (phone: Awaited<ReturnType<typeof deployment.phone>>): Promise<void> => {
    const browser = await openBrowser(deployment)
    await phone.scan(browser.ticket)
    await phone.confirm(browser.ticket, await browser.matchCode())
    const consumed = await browser.consume()
    if (consumed.status !== 200) throw new Error(consumed.text)
    const cookie = String(consumed.headers['set-cookie']).replace(/;.*/, '')
    const isEnded = (open.length + ended.length) % 3 > 0 // a person can have a hundred sessions
    if (isEnded) await session(cookie, 'DELETE')
    const answered = (isEnded ? ended : open).push(cookie) + (isEnded ? open : ended).length
    if (answered === enough - 2 * people) disk.set(300) // a flush is under way when the power is cut
    if (answered === enough) first.kill('SIGKILL')
  }
  await Promise.all(Array.from({ length: people }, async (_, index) => {
    const phone = await deployment.phone(`person-${index}`)
    try {
      for (;;) await logIn(phone)
    } catch {} // the power is cut
  }))
  await first.ended

  const data = join(deployment.folder, 'data')
  for (const name of readdirSync(data)) if (name.startsWith('scan-login.db')) rmSync(join(data, name))
  for (const name of ['scan-login.db', 'scan-login.db-wal']) cpSync(join(disk.copies, name), join(data, name))
  await deployment.start()
  const statuses = async (cookies: readonly string[]) => new Set(await Promise.all(cookies.map(async (cookie) => (await session(cookie)).status)))
  t.ok(open.length + ended.length >= enough, `${open.length} logins and ${ended.length} logouts were answered`)
  t.strictSame(await statuses(open), new Set([200]))
  t.strictSame(await statuses(ended), new Set([401]))
})
