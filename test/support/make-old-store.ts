/**
 * `node test/support/make-old-store.ts 0.2.0`: leaves a store, a key file and who is logged in, in test/contract/releases/0.2.0, as the code that is checked out makes
 * them. Run it once for each release, for the commit that is tagged, and never again for an old one.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Test } from 'tap'
import { makeKeyFile, readKeyFile } from '../../src/sessions/key-file.ts'
import { keyMarkOf } from '../../src/sessions/key-mark.ts'
import { createStore } from '../../src/stores/store.ts'
import { createFakeClock } from './fake-clock.ts'
import { logIn } from './login.ts'
import { authorizationPath, clientsOf, CookieJar, redeem, visit } from './oidc.ts'
import { oldClient, releasesFolder, type LoggedInThen } from './old-store.ts'
import { peopleIn, personOf } from './people.ts'
import { createRecordingLog } from './recording-log.ts'
import { createTeardownScope } from './teardown-scope.ts'
import { openTestService } from './test-service.ts'

const [release] = process.argv.slice(2)
if (release === undefined) throw new Error('usage: node test/support/make-old-store.ts <release>')
const folder = join(releasesFolder, release)
mkdirSync(folder)
const [file, keysFile] = [join(folder, 'store.db'), join(folder, 'keys.json')]
makeKeyFile(keysFile, { withProvider: true })
const keys = readKeyFile(keysFile)
const at = Date.now()
const clock = createFakeClock(at)
const store = createStore(`sqlite:${file}`, { clock, log: createRecordingLog() })
const scope = createTeardownScope()
const service = await openTestService(scope as unknown as Test, { store, clock, keys, clients: clientsOf(oldClient) }) // it takes no more of a test than this
await store.write('mark:keys', { schema: 1, ...keyMarkOf(service.simulator.appid, keys) }, null)

const { phone, cookie, token } = await logIn(service)
await phone.rename('小明')
const people = peopleIn(service)
await people.setOwner(phone.sub, true)
const blocked = await personOf(service, 'hong', { state: 'blocked' })
const jar = new CookieJar()
const [name = '', value = ''] = cookie.split('=')
jar.set(name, value)
const { address } = await visit(service, jar, authorizationPath(oldClient, { prompt: 'consent', scope: 'openid offline_access' }))
const { refresh_token: refreshToken } = (await redeem(service, oldClient, address)).json

await scope.end()
await store.close()
const db = new DatabaseSync(file)
db.exec('PRAGMA journal_mode = DELETE; VACUUM') // one small file
db.close()
const loggedIn: LoggedInThen = { at, sub: phone.sub, cookie, token, phoneKey: { key_id: phone.key.key_id, key: phone.key.key }, refreshToken, blockedSub: blocked.sub }
writeFileSync(join(folder, 'logged-in.json'), `${JSON.stringify(loggedIn, null, 2)}\n`)
