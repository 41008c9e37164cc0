/** What an upgrade does with the store of the release before: everybody is still logged in, and who may not come in still may not. */
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { mock } from 'node:test'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { readKeyFile } from '../../src/sessions/key-file.ts'
import { createStore } from '../../src/stores/store.ts'
import { sign, type PhoneKeyAnswer } from '../support/clients.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { logIn, phoneOf } from '../support/login.ts'
import { clientsOf, tokenCall } from '../support/oidc.ts'
import { oldClient, readLoggedIn, releasesFolder } from '../support/old-store.ts'
import { peopleIn } from '../support/people.ts'
import { repository } from '../support/readmes.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { openTestService, type Call } from '../support/test-service.ts'

/** Opens the code of now on a copy of what a release has left, some minutes later. */
const openOn = async (t: Test, release: string) => {
  const folder = mkdtempSync(join(tmpdir(), 'scan-login-release-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  cpSync(join(releasesFolder, release), folder, { recursive: true })
  chmodSync(join(folder, 'keys.json'), 0o600) // git keeps no such mode
  const then = readLoggedIn(folder)
  const now = then.at + 120_000
  mock.timers.enable({ apis: ['Date'], now }) // the provider's package reads it
  t.teardown(() => { mock.timers.reset() })
  const clock = createFakeClock(now)
  const log = createRecordingLog()
  const store = createStore(`sqlite:${join(folder, 'store.db')}`, { clock, log })
  const service = await openTestService(t, { store, clock, keys: readKeyFile(join(folder, 'keys.json')), clients: clientsOf(oldClient) })
  t.teardown(() => store.close())
  const signed = (call: Call, key = then.phoneKey) => service.call({ ...call, headers: sign(call, key as PhoneKeyAnswer, { authority: new URL(service.config.PUBLIC_URL).host, created: Math.floor(now / 1000) }) })
  return { service, then, signed, log }
}

const releases = readdirSync(releasesFolder)
t.ok(releases.length > 0)

await t.test('releases: the newest in CHANGELOG.md is the version of package.json and its lock file, and each that has a day has left a store', async (t) => {
  const read = (file: string): string => readFileSync(join(repository, file), 'utf8')
  const headings = [...read('CHANGELOG.md').matchAll(/^## (\S+) \((unreleased|\d{4}-\d\d-\d\d)\)$/gm)].map(([, version, day]) => ({ version, day }))
  const [{ version }, lock] = [JSON.parse(read('package.json')), JSON.parse(read('package-lock.json'))] as [{ version: string }, { version: string, packages: Record<string, { version: string }> }]
  t.strictSame([headings[0]?.version, lock.version, lock.packages['']?.version], [version, version, version])
  t.strictSame(headings.slice(1).filter(({ day }) => day === 'unreleased'), [], 'only the newest has no day')
  t.strictSame(headings.filter(({ version, day }) => day !== 'unreleased' && !releases.includes(version as string)), [])
  t.equal([...read('CHANGELOG.md').matchAll(/^## /gm)].length, headings.length, 'each heading is a release')
})

for (const release of releases) {
  await t.test(`releases: browser, token, phone and app are still logged in, and people stay who they were, on a store of ${release}`, async (t) => {
    const { service, then, signed, log } = await openOn(t, release)
    const session = (headers: Record<string, string>) => service.call({ path: '/api/session', headers })
    t.hasStrict(await session({ cookie: then.cookie }), { status: 200, json: { user: { sub: then.sub, name: '小明' } } })
    t.hasStrict(await session({ authorization: `Bearer ${then.token}` }), { status: 200 })
    t.hasStrict(await signed({ path: '/api/phone/sessions' }), { status: 200, json: { sessions: [{}] } })
    t.hasStrict(await signed({ path: '/api/phone/people' }), { status: 200 }, 'the owner is one still')
    t.hasStrict(await tokenCall(service, oldClient, { grant_type: 'refresh_token', refresh_token: then.refreshToken }), { status: 200 })
    t.hasStrict(await peopleIn(service).read(then.blockedSub), { state: 'blocked' })
    t.equal((await session({ cookie: `${then.cookie}x` })).status, 401, 'the answer is no matter of course')

    t.equal((await phoneOf(service)).sub, then.sub, 'the same person')
    const { consumed, phone } = await logIn(service)
    t.equal(consumed.status, 200)
    t.equal((await phone.signOutEverywhere()).status, 204)
    t.equal((await session({ cookie: then.cookie })).status, 401, 'what the old release has opened is ended by this one')
    t.strictSame(log.lines, [])
  })
}
