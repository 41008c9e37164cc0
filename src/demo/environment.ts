/** What of the environment reaches the demo. Somebody who runs it may have the settings of a real service in their shell. */
import { settingNames } from '../config.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Settings that change how a service behaves. All others name things of a real one: its address, store, keys, credentials, the sites, proxies and programs around
 * it. Pages of real sites have no business with a service where anybody can be anybody.
 */
const behaviour: ReadonlySet<string> = new Set([
  'PORT', 'LOG_LEVEL', 'SITE_NAME', 'GEOIP_FILE', 'WECHAT_ENV_VERSION', 'WECHAT_URL_LINK', 'TICKET_TTL', 'MAX_WAIT', 'MATCH_NUMBERS',
  'SESSION_IDLE', 'SESSION_MAX', 'MAX_TICKETS', 'MAX_HELD_POLLS', 'LIMIT_CREATE', 'LIMIT_GUESS', 'LIMIT_PHONE', 'CODE_SUPPLY',
] satisfies Array<(typeof settingNames)[number]>)

/** Takes out the settings that name things of a real service, given as a value or as a file. What is no setting stays, so that misspelt ones are told. */
export const demoEnvironment = (environment: Environment): { readonly honoured: Environment, readonly ignored: readonly string[] } => {
  const isOfRealService = (name: string): boolean => !behaviour.has(name) && [name, name.replace(/_FILE$/, '')].some((setting) => (settingNames as readonly string[]).includes(setting))
  const entries = Object.entries(environment).filter(([, value]) => value !== undefined && value !== '')
  return {
    honoured: Object.fromEntries(entries.filter(([name]) => !isOfRealService(name))),
    ignored: entries.map(([name]) => name).filter(isOfRealService).sort(),
  }
}
