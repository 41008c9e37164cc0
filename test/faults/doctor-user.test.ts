/** The doctor as another user than the service. */
import { chownSync } from 'node:fs'
import t from 'tap'
import { checkService } from '../../src/commands/doctor/check-service.ts'
import { codesOf, findingsOf } from '../support/doctor-service.ts'
import { openDeployment } from '../support/service-process.ts'

if (process.getuid?.() !== 0 || process.platform !== 'linux') throw new Error('this test needs root on Linux, to start a service as another user')

await t.test('doctor user: it says whom the service runs as, and how to run as that user, when it is another one', async (t) => {
  const through = ['env', '-u', 'NODE_OPTIONS', 'setpriv', '--reuid=1000', '--regid=1000', '--clear-groups']
  const { url, port, folder, simulator, start } = await openDeployment(t, { through })
  chownSync(folder, 1000, 1000)
  await start()
  const settings = { STORE_URL: `sqlite:${folder}/data/scan-login.db`, KEYS_FILE: `${folder}/data/keys.json`, PUBLIC_URL: url, HOST: '127.0.0.1', PORT: String(port), WECHAT_APPID: simulator.appid, WECHAT_SECRET: simulator.secret, WECHAT_API_URL: simulator.url, LIMIT_CREATE: '100000' }
  const findings = await findingsOf(checkService, settings)
  t.strictSame(codesOf(findings), ['service-other-user'])
  t.hasStrict(findings[1], { status: 'warning', text: 'the service runs as user 1000 (group 1000) and the doctor as user 0: what it says about files and folders holds for user 0' })
  t.match(findings[1], { todo: /^sudo -u '#1000' npm run doctor / })
})
