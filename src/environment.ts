/** The environment and the files that settings come from. Only this file reads process.env. */
import { existsSync, readFileSync } from 'node:fs'
import { readSettings, type ReadSettings } from './config.ts'

/** Returns process.env; `withFile` adds what a `.env` file sets. */
export const readEnvironment = ({ withFile }: { withFile: boolean }): NodeJS.ProcessEnv => {
  if (withFile && existsSync('.env')) process.loadEnvFile('.env')
  return process.env
}

export interface ServiceSettings extends ReadSettings {
  readonly environment: NodeJS.ProcessEnv
}

/**
 * Reads the settings of the service, for `npm start` and for the commands that work beside it: environment, `.env` and, `withSecretFiles`, the files of
 * secrets, which a command that needs none of them may not be able to read. Throws as `readSettings` does.
 */
export const readServiceSettings = ({ withSecretFiles }: { withSecretFiles: boolean }): ServiceSettings => {
  const environment = readEnvironment({ withFile: true })
  return { environment, ...readSettings(environment, withSecretFiles ? (path) => readFileSync(path, 'utf8') : undefined) }
}
