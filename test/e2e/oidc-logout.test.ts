/** Sites hear of logouts that an operator's command makes beside the service, and of those of an instance that is killed. */
import t, { type Test } from 'tap'
import { openBrowser } from '../support/clients.ts'
import { cookieOf } from '../support/login.ts'
import { jarOf, enter, logOut } from '../support/known-sessions.ts'
import { startLogoutReceiver } from '../support/logout-receiver.ts'
import { clientSecret, testClient } from '../support/oidc.ts'
import { clientsFile } from '../support/oidc-clients.ts'
import { openServices, storeKinds } from '../support/people-command.ts'
import type { TestService } from '../support/test-service.ts'
import { waitUntil } from '../support/waiting.ts'
import { hashClientSecret } from '../../src/oidc/client.ts'

const open = async (t: Test, kind: typeof storeKinds[number]) => {
  const place = { url: '' }
  const receiver = await startLogoutReceiver(t, {
    get issuer () { return `${place.url}/oidc` },
    keys: async () => (await services.second.call({ path: '/oidc/jwks' })).json,
  })
  const redirectUris = ['https://git.example.com/callback']
  const file = clientsFile(t, [{ client_id: 'git', app: 'generic', url: 'https://git.example.com', allow: 'everybody', client_secret_sha256: hashClientSecret(clientSecret), redirect_uris: redirectUris, backchannel_logout_uri: receiver.uriOf('git') }])
  const services = await openServices(t, kind, { OIDC_CLIENTS_FILE: file })
  const { first } = services
  place.url = first.url
  const service = { call: first.call, config: { PUBLIC_URL: first.url } } as unknown as TestService // no more of it is used
  /** Logs a person in at the site. */
  const logIn = async (person: string) => {
    const phone = await first.phone(person)
    const browser = await openBrowser(first)
    await phone.scan(browser.ticket)
    await phone.confirm(browser.ticket, await browser.matchCode())
    const cookie = cookieOf(await browser.consume())
    const [held] = await enter(service, jarOf({ cookie }), [testClient({ clientId: 'git', redirectUris })])
    return { cookie, sub: phone.sub, sid: held!.sid } // there is one
  }
  return { ...services, receiver, service, logIn }
}

for (const kind of storeKinds) {
  await t.test(`logout (${kind}): a site hears once of what a command ends beside the service`, async (t) => {
    const { receiver, people, logIn } = await open(t, kind)
    for (const [index, command] of ['sign-out', 'block', 'erase'].entries()) {
      const { sub, sid } = await logIn(`person-${index}`)
      t.equal((await people(command, sub)).code, 0, command)
      await waitUntil(() => receiver.heard.length > index)
      t.hasStrict(receiver.tries[index], { clientId: 'git', sub, sid })
    }
    t.equal(receiver.tries.length, 3)
    t.strictSame(receiver.invalid, [])
  })

  await t.test(`logout (${kind}): a site hears of it when the instance that has ended the session is killed at once`, async (t) => {
    const { receiver, service, running, first, logIn } = await open(t, kind)
    receiver.answerWith(() => 503)
    const { cookie, sub, sid } = await logIn('ming')
    t.equal((await logOut(service, { cookie })).status, 204)
    running.kill('SIGKILL')
    await running.ended
    receiver.answerWith(() => 200)
    if (kind !== 'redis') await first.start() // on Redis the other instance goes on
    await waitUntil(() => receiver.heard.length === 1)
    t.hasStrict(receiver.heard, [{ clientId: 'git', sub, sid }])
    t.strictSame(receiver.invalid, [])
  })
}
