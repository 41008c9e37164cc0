/** The service as an OpenID Provider for the websites of a test, and people with the demo's phone who log in to them. */
import { createHash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import { handleOf } from '../../../src/domain/person.ts'
import { openPhone, type TestPhone } from '../clients.ts'
import { phoneIn, serveDemo, type DemoServer } from '../demo-window.ts'
import { remote } from '../remote.ts'
import { makeFolder } from '../service-process.ts'

/** An entry of OIDC_CLIENTS_FILE but for the secret, which is made here. */
export interface Client {
  readonly client_id: string
  readonly url: string
  readonly allow: 'everybody' | { readonly groups: readonly string[] }
  readonly redirect_uris: readonly string[]
  readonly [member: string]: unknown
}

export interface ProvenPerson {
  /** What the demo calls their phone. */
  readonly key: string
  readonly name: string
  readonly sub: string
  readonly handle: string
  readonly groups: readonly string[]
  readonly phone: TestPhone
}

export interface TestProvider {
  readonly server: DemoServer
  readonly keysFile: string
  readonly issuer: string
  readonly emailDomain: string
  secretOf (clientId: string): string
  /** Returns the `kid` of each key that is published. */
  keyIds (): Promise<readonly unknown[]>
  /** Makes the owner of a phone known, with these groups and a name that isn't ASCII. */
  person (key: string, groups: readonly string[]): Promise<ProvenPerson>
  /** Waits until the browser shows the code of a login page. */
  waitForCode (page: Page): Promise<void>
  /** Logs somebody in on the login page that the browser shows. Their phone is in a tab of its own, and asks about the app. */
  logIn (page: Page, person: ProvenPerson, app: string): Promise<void>
  /** Confirms on the page that asks whether to log out. */
  confirmLogout (page: Page): Promise<void>
}

/** Writes OIDC_CLIENTS_FILE; returns its path, and the secrets. */
export const writeClients = (t: Test, clients: readonly Client[]) => {
  const secrets = new Map(clients.map(({ client_id: id }) => [id, randomBytes(32).toString('base64url')]))
  const secretOf = (clientId: string): string => secrets.get(clientId) ?? ''
  const file = join(makeFolder(t), 'clients.json')
  const entries = clients.map((client) => ({ ...client, ...client.public !== true && { client_secret_sha256: createHash('sha256').update(secretOf(client.client_id)).digest('hex') } }))
  writeFileSync(file, JSON.stringify({ clients: entries }), { mode: 0o600 })
  return { file, secretOf }
}

export const openProvider = async (t: Test, clients: readonly Client[]): Promise<TestProvider> => {
  const { file, secretOf } = writeClients(t, clients)
  const keysFile = join(makeFolder(t), 'keys.json')
  const server = await serveDemo(t, { OIDC_CLIENTS_FILE: file, KEYS_FILE: keysFile })
  const { host, hostname, port } = new URL(server.url)
  const service = remote(`http://127.0.0.1:${port}`)
  t.teardown(service.close)

  const waitForCode: TestProvider['waitForCode'] = async (page) => {
    await page.waitForURL((address) => address.origin === server.url && address.pathname === '/login')
    await page.locator('.layer:not(.leaving) .code-image').waitFor()
  }
  return {
    server,
    keysFile,
    issuer: `${server.url}/oidc`,
    emailDomain: `${hostname}.invalid`,
    secretOf,
    keyIds: async () => (await service.call({ path: '/oidc/jwks', headers: { host } })).json.keys.map(({ kid }: { kid: unknown }) => kid),
    person: async (key, groups) => {
      const name = `小雨 ${key} é`
      const phone = await openPhone({ call: ({ headers, ...call }) => service.call({ ...call, headers: { host, ...headers } }) }, { jsCode: server.simulator.jsCode(key), authority: host })
      const { sub } = phone
      if ((await server.people.read(sub)).state === 'unknown') await server.people.create(sub, { state: 'active', isSeen: true })
      await server.people.rename(sub, name)
      await server.people.setGroups(sub, () => groups)
      return { key, name, sub, handle: handleOf(sub), groups, phone }
    },
    waitForCode,
    logIn: async (page, { key }, app) => {
      await waitForCode(page)
      const tab = await page.context().newPage()
      await tab.goto(`${server.url}/demo/phone?person=${key}`)
      const phone = phoneIn(tab)
      await phone.scanPicture(await page.screenshot())
      await phone.button("It's me").click() // a picture may have come from anybody, so the phone asks first
      await phone.says(`Log in to ${app} in Chrome on Linux?`)
      await phone.button(await page.locator('.layer:not(.leaving) .number').innerText()).click()
      await phone.says(/ is logged in to /)
      await tab.close()
    },
    confirmLogout: (page) => page.locator('button[name=logout][value=yes]').click(),
  }
}
