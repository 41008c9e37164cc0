/** Where the file of the clients is, and the settings that the command needs. */
import { dirname, join } from 'node:path'
import type { Config } from '../../config.ts'
import { readServiceSettings } from '../../environment.ts'
import type { SetupLanguage } from '../../oidc/setup-text.ts'

export interface Place {
  readonly config: Config
  readonly file: string
  /** The line that is missing in .env; null where the service knows the file. */
  readonly missingSetting: string | null
  /** Of the user's terminal. */
  readonly language: SetupLanguage
}

export const readPlace = (): Place => {
  const { config, environment } = readServiceSettings({ withSecretFiles: false })
  const file = config.OIDC_CLIENTS_FILE ?? join(dirname(config.KEYS_FILE), 'clients.json')
  const locale = [environment.LC_ALL, environment.LC_MESSAGES, environment.LANG].find((value) => value !== undefined && value !== '') ?? '' // in the order of POSIX
  return { config, file, missingSetting: config.OIDC_CLIENTS_FILE === null ? `OIDC_CLIENTS_FILE=${file}` : null, language: /^zh/i.test(locale) ? 'zh' : 'en' }
}
