/** The embedded store's file: used by one service at a time, and not readable by other users of the machine. */
import { chmodSync, chownSync, copyFileSync, mkdirSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { makeKeyFile } from '../../src/sessions/key-file.ts'
import { systemClock } from '../../src/runtime.ts'
import { lockStoreFile } from '../../src/stores/file-lock.ts'
import { readableByOthers } from '../../src/stores/readable-files.ts'
import { createStore } from '../../src/stores/store.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { makeFolder, openDeployment, run } from '../support/service-process.ts'
import { freePort } from '../support/redis.ts'
import { startWechatSimulator } from '../../src/demo/wechat-simulator.ts'

/** The files that a process has open; none where the system doesn't tell. */
const openFiles = (pid: number): readonly string[] => {
  try {
    const folder = `/proc/${pid}/fd`
    return readdirSync(folder).map((name) => readlinkSync(join(folder, name)))
  } catch {
    return [] // a file was closed meanwhile
  }
}

await t.test('E10 file: a second service stops with one line when another uses its file, and starts when that has ended', async (t) => {
  const deployment = await openDeployment(t)
  const first = await deployment.start()
  const simulator = await startWechatSimulator()
  t.teardown(() => simulator.close())
  const env = {
    STORE_URL: `sqlite:${join(deployment.folder, 'data/scan-login.db')}`,
    KEYS_FILE: join(deployment.folder, 'data/keys.json'),
    HOST: '127.0.0.1',
    PORT: String(await freePort()),
    WECHAT_APPID: simulator.appid,
    WECHAT_SECRET: simulator.secret,
    WECHAT_API_URL: simulator.url,
  }
  const second = run(t, { folder: deployment.folder, env })
  const opened = new Set<string>()
  const watching = setInterval(() => { for (const path of openFiles(second.pid)) opened.add(path) }, 20)
  const { code, stderr } = await second.ended
  clearInterval(watching)
  t.equal(code, 1)
  t.notOk(opened.has(join(deployment.folder, 'data/scan-login.db')), 'it has not opened the store: what it would flush then, the first one may have written more of since')
  t.match(stderr, /^scan-login: STORE_URL sqlite:\S+ is in use by another scan-login, .*: stop the other one, .*\n$/)
  t.equal((await deployment.call({ path: '/health/ready' })).status, 200, 'the first one still works')

  const beside = createStore(env.STORE_URL, { clock: systemClock, log: createRecordingLog() })
  await beside.check()
  await beside.close()
  t.pass('a command works beside the service')

  first.kill('SIGTERM')
  await deployment.start()
  t.pass('the next one starts when the first has ended')
})

await t.test('E10 file: the service starts again when it was killed', async (t) => {
  const deployment = await openDeployment(t)
  const first = await deployment.start()
  first.kill('SIGKILL')
  await first.ended
  await deployment.start()
  t.pass('the lock is free')
})

await t.test('E10 file: the lock is per file, and stores without a file have none', async (t) => {
  const url = `sqlite:${join(makeFolder(t), 'new/store.db')}`
  const unlock = await lockStoreFile(url, systemClock)
  const clock = createFakeClock()
  const waiting = lockStoreFile(url, clock)
  clock.advance(10_000)
  await t.rejects(waiting, { message: /in use by another scan-login/ })
  unlock()
  unlock()
  const unlockAgain = await lockStoreFile(url, systemClock)
  unlockAgain()
  for (const other of ['sqlite::memory:', 'redis://127.0.0.1:1']) {
    const release = await lockStoreFile(other, systemClock)
    await lockStoreFile(other, systemClock)
    release()
  }
  await t.rejects(lockStoreFile('sqlite:/dev/null/store.db', systemClock), { message: /^STORE_URL sqlite:\/dev\/null\/store\.db can't be locked: / })
})

await t.test('files: one line each warns when other users of the machine can read files or folders', async (t) => {
  const deployment = await openDeployment(t)
  const data = join(deployment.folder, 'data')
  const file = join(data, 'scan-login.db')
  mkdirSync(data)
  makeKeyFile(join(data, 'keys.json'))
  const older = new DatabaseSync(file)
  older.exec('PRAGMA journal_mode = WAL; CREATE TABLE old (x)')
  for (const name of [file, `${file}-wal`, `${file}-shm`]) chmodSync(name, 0o644)
  chmodSync(data, 0o755)
  const warnings = readableByOthers(`sqlite:${file}`, join(data, 'keys.json'))
  t.strictSame(warnings, [[data, 700], [file, 600], [`${file}-wal`, 600], [`${file}-shm`, 600]].map(([path, mode]) => `${path} can be read by others on this machine: chmod ${mode} ${path}`))
  const service = await deployment.start()
  const lines = service.stdout().split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as { level: number, msg: string })
  t.strictSame(lines.filter(({ msg }) => msg.includes('can be read by others')).map(({ level, msg }) => ({ level, msg })), warnings.map((msg) => ({ level: 40, msg })))
  older.close()

  for (const [group, mode, warned] of [[0, 0o770, 0], [1000, 0o770, 1], [0, 0o775, 1], [0, 0o700, 0]] as const) {
    chownSync(data, 0, group)
    chmodSync(data, mode)
    t.equal(readableByOthers(`sqlite:${file}`, join(data, 'keys.json')).filter((line) => line.endsWith(`chmod 700 ${data}`)).length, warned, `a folder of group ${group} with mode ${mode.toString(8)}`)
  }
  chmodSync(data, 0o755)
  copyFileSync(join(data, 'keys.json'), join(data, 'theirs.txt'))
  for (const name of [file, `${file}-wal`, `${file}-shm`]) chmodSync(name, 0o600)
  t.strictSame(readableByOthers(`sqlite:${file}`, join(data, 'keys.json')), [], 'no warning about a folder with other files in it')
})

await t.test('files: no line warns when files and folders were made by the service', async (t) => {
  const deployment = await openDeployment(t)
  const service = await deployment.start()
  t.notMatch(service.stdout(), /can be read by others/)
  t.strictSame(readableByOthers('redis://127.0.0.1:6379', join(deployment.folder, 'data/keys.json')), [])
})
