/** Backup and restore where the disk is full: one line says so, and nothing is left. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makeKeyFile } from '../../src/sessions/key-file.ts'
import { systemClock } from '../../src/runtime.ts'
import { createStore } from '../../src/stores/store.ts'
import { backUp, restore, settingsIn } from '../support/backup-command.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { makeFolder } from '../support/service-process.ts'

/** Writes to this file fail as on a full disk. */
const full = (path: string): readonly string[] => ['strace', '-f', '-qq', '-o', '/dev/null', '-P', path, '-e', 'inject=write,pwrite64:error=ENOSPC']

await t.test('backup: neither it nor a restore leaves anything when the disk is full, and both succeed once it isn\'t', async (t) => {
  const folder = makeFolder(t)
  const { STORE_URL = '', KEYS_FILE = '' } = settingsIn(folder)
  makeKeyFile(KEYS_FILE)
  await createStore(STORE_URL, { clock: systemClock, log: createRecordingLog() }).close()
  const backup = join(folder, 'backup')
  const copy = join(folder, 'data/scan-login.db.backup')
  const failed = await backUp(t, folder, [backup], { through: full(copy) })
  t.equal(failed.code, 1)
  t.match(failed.stderr, /^scan-login: [^\n]*scan-login\.db can't be copied to [^\n]*\n$/)
  t.strictSame(readdirSync(folder), ['data'])
  t.notOk(existsSync(copy))
  t.hasStrict(await backUp(t, folder, [backup]), { code: 0, stderr: '' })

  const fresh = makeFolder(t)
  const refused = await restore(t, fresh, [backup], { through: full(join(fresh, 'data/scan-login.db.restore')) })
  t.equal(refused.code, 1)
  t.match(refused.stderr, /^scan-login: [^\n]*scan-login\.db\.restore can't be written: ENOSPC[^\n]*\n$/)
  t.strictSame(readdirSync(join(fresh, 'data')), ['scan-login.db.lock'])
  t.hasStrict(await restore(t, fresh, [backup]), { code: 0, stderr: '' })
})
