/** The environment and the files that settings come from. Only this file reads process.env. */
import { existsSync, readFileSync } from 'node:fs'
import { ConfigError, readSettings, type ReadSettings } from './config.ts'
import { whyDenied } from './file-rights.ts'

/** Relative to the working directory. */
export const envFile = '.env'

/** Returns process.env; `withFile` adds what a `.env` file sets, where process.env has no value. Throws a ConfigError where the file can't be read. */
export const readEnvironment = ({ withFile }: { withFile: boolean }): NodeJS.ProcessEnv => {
  if (withFile && existsSync(envFile)) {
    assertReadable(envFile)
    process.loadEnvFile(envFile)
  }
  return process.env
}

/** `loadEnvFile` says of a file that it may not read that there is none. */
const assertReadable = (path: string): void => {
  try {
    readFileSync(path)
  } catch (cause) {
    throw new ConfigError([`${path} can't be read: ${(cause as Error).message}${whyDenied('read', path)}`]) // node:fs throws Errors
  }
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
