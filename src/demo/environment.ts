/** The part of the environment that the demo uses: the shell that starts it may hold the settings of a real service. */
import { alsoInLowerCase, settingNames } from '../config.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Settings that change how a service behaves. All others belong to a real service: its address, store, keys, credentials, the sites, proxies and programs around
 * it. The demo lets anybody log in as anybody, so pages of real sites must not reach it.
 */
const behaviourSettings: ReadonlySet<string> = new Set([
  'PORT', 'LOG_LEVEL', 'SITE_NAME', 'SITE_LOGO', 'SITE_COLOR', 'SITE_PRIVACY_URL', 'SITE_TERMS_URL', 'OTHER_LOGIN_URL', 'GEOIP_FILE', 'WECHAT_ENV_VERSION', 'WECHAT_URL_LINK', 'TICKET_TTL', 'MAX_WAIT', 'MATCH_NUMBERS', 'REGISTRATION',
  'SESSION_IDLE', 'SESSION_MAX', 'MAX_TICKETS', 'MAX_HELD_POLLS', 'LIMIT_CREATE', 'LIMIT_GUESS', 'LIMIT_PHONE', 'CODE_SUPPLY',
] satisfies Array<(typeof settingNames)[number]>)

/**
 * Splits the environment: settings of a real service, given as a value or as a file (`…_FILE`), are ignored. Variables that are no setting are kept, so that
 * `readConfig` reports misspelt ones.
 */
export const demoEnvironment = (environment: Environment): { readonly honoured: Environment, readonly ignored: readonly string[] } => {
  const namesOf = (name: string): string[] => [name, name.replace(/_FILE$/, ''), ...alsoInLowerCase.has(name.toUpperCase()) ? [name.toUpperCase()] : []]
  const isOfRealService = (name: string): boolean => !behaviourSettings.has(name) && namesOf(name).some((setting) => (settingNames as readonly string[]).includes(setting))
  const entries = Object.entries(environment).filter(([, value]) => value !== undefined && value !== '')
  return {
    honoured: Object.fromEntries(entries.filter(([name]) => !isOfRealService(name))),
    ignored: entries.map(([name]) => name).filter(isOfRealService).sort(),
  }
}
