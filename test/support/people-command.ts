/** `npm run people` beside running services. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { makeKeyFile } from '../../src/sessions/key-file.ts'
import { openBrowser, type TestPhone } from './clients.ts'
import { startRedis } from './redis.ts'
import { openDeployment, run, waitUntilReady, type Deployment } from './service-process.ts'

export const peopleScript = 'src/commands/people.ts'

/** What a store is, for `openServices`. */
export const storeKinds = ['sqlite in a file', 'redis'] as const

/** One service on a file, or two on one Redis. `second` answers beside the first, where there is one. */
export const openServices = async (t: Test, kind: typeof storeKinds[number], env: Readonly<Record<string, string>> = {}) => {
  const redis = kind === 'redis' ? await startRedis() : undefined
  t.teardown(() => redis?.stop())
  const stored = redis === undefined ? {} : { STORE_URL: redis.url }
  const first = await openDeployment(t, { env: { ...env, ...stored } })
  const keysFile = join(first.folder, 'data/keys.json')
  mkdirSync(join(first.folder, 'data'))
  makeKeyFile(keysFile, { withProvider: 'OIDC_CLIENTS_FILE' in env })
  const running = await first.start()
  await waitUntilReady(first)
  let second: Deployment = first
  if (redis !== undefined) {
    second = await openDeployment(t, { env: { ...env, ...stored, KEYS_FILE: keysFile, PUBLIC_URL: first.url }, simulator: first.simulator })
    await second.start()
    await waitUntilReady(second)
  }
  const settings = { STORE_URL: redis?.url ?? `sqlite:${join(first.folder, 'data/scan-login.db')}`, KEYS_FILE: keysFile, WECHAT_APPID: first.simulator.appid, ...env }
  /** Runs the command; `steps` are the lines of its audit, `said` what else is on its standard error. */
  const people = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(t, { script: peopleScript, args, folder: first.folder, env: settings }).ended
    const lines = stderr.split('\n').filter((line) => line !== '')
    return { code, stdout, steps: lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line)), said: lines.filter((line) => !line.startsWith('{')).join('\n') }
  }
  const logIn = async (phone: TestPhone, service = first): Promise<string> => {
    const browser = await openBrowser(service)
    await phone.scan(browser.ticket)
    await phone.confirm(browser.ticket, await browser.matchCode())
    return (await browser.consume()).json.access_token as string
  }
  /** The status for a token at the other instance. */
  const whoAmI = async (token: string) => (await second.call({ path: '/api/session', headers: { authorization: `Bearer ${token}` } })).status
  return { first, running, second, people, logIn, whoAmI, settings }
}

export const eventsOf = (steps: ReadonlyArray<Record<string, unknown>>) => steps.map(({ event, sub, by }) => [event, sub, by])
