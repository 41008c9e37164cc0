/**
 * A service whose link to WeChat loses the first packet of every connection, and whose IPv6 leads nowhere. In network and mount namespaces of their own, so that
 * neither the machine's network nor its hosts file changes.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { installed } from '../support/installed.ts'

await t.test('wechat link: codes and phone logins get through in time when the handshake takes a second and IPv6 leads nowhere', async (t) => {
  const words = ['--map-root-user', '--net', '--mount', process.execPath, join(import.meta.dirname, '../support/lossy-link.ts')]
  const { stdout } = await promisify(execFile)(installed('unshare'), words)
  t.strictSame(JSON.parse(stdout), { code: 200, phone: 200 })
})
