/** `npm run backup` and `npm run restore` beside services, as processes. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openBrowser, type TestPhone } from './clients.ts'
import { cookieOf } from './login.ts'
import { run, type Deployment, type ProcessExit, type RunningProcess } from './service-process.ts'
import type { TeardownScope } from './teardown-scope.ts'

/** The settings of a store in a folder. */
export const settingsIn = (folder: string): Readonly<Record<string, string>> => ({
  STORE_URL: `sqlite:${join(folder, 'data/scan-login.db')}`,
  KEYS_FILE: join(folder, 'data/keys.json'),
})

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly through?: readonly string[]
  /** The working directory, where it isn't the folder of the settings. */
  readonly cwd?: string
}

/** Starts one of the commands with the settings of a folder. */
export const start = (t: TeardownScope, name: 'backup' | 'restore', folder: string, args: readonly string[], { env = {}, through, cwd = folder }: CommandOptions = {}): RunningProcess =>
  run(t, { script: `src/commands/${name}.ts`, args, folder: cwd, env: { ...settingsIn(folder), ...env }, through })

export const backUp = (t: TeardownScope, folder: string, args: readonly string[], options?: CommandOptions): Promise<ProcessExit> => start(t, 'backup', folder, args, options).ended

export const restore = (t: TeardownScope, folder: string, args: readonly string[], options?: CommandOptions): Promise<ProcessExit> => start(t, 'restore', folder, args, options).ended

/** Writes a private file with a passphrase. */
export const passphraseFile = (folder: string, passphrase = 'correct horse battery staple'): string => {
  const path = join(folder, 'passphrase')
  writeFileSync(path, `${passphrase}\n`, { mode: 0o600 })
  return path
}

export interface LoggedIn {
  readonly phone: TestPhone
  readonly cookie: string
}

/** Logs people in, each in a browser of their own. */
export const logPeopleIn = (deployment: Deployment, people: readonly string[]): Promise<LoggedIn[]> => Promise.all(people.map(async (person) => {
  const phone = await deployment.phone(person)
  const browser = await openBrowser(deployment)
  await phone.scan(browser.ticket)
  await phone.confirm(browser.ticket, await browser.matchCode())
  return { phone, cookie: cookieOf(await browser.consume()) }
}))

/** The statuses of a browser and of a phone at a service, with the key and the cookie of another one. */
export const statusesAt = async (deployment: Deployment, { phone, cookie }: LoggedIn): Promise<readonly [number, number]> => {
  const browser = await deployment.call({ path: '/api/session', headers: { cookie } })
  return [browser.status, (await phone.sessions()).status]
}
