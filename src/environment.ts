/** The environment and the files that settings come from. Only this file reads process.env. */
import { existsSync, readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { ConfigError, readSettings, type ReadSettings } from './config.ts'
import { whyDenied } from './file-rights.ts'

/** Relative to the working directory. */
export const envFile = '.env'

/** Returns process.env; `withFile` adds what a `.env` file sets, where process.env has no value. Throws a ConfigError where the file can't be read. */
export const readEnvironment = ({ withFile }: { withFile: boolean }): NodeJS.ProcessEnv => {
  if (withFile && existsSync(envFile)) {
    for (const [name, value] of Object.entries(readEnvFile())) process.env[name] ??= value
  }
  return process.env
}

/** Returns what `.env` sets. Throws a ConfigError where it can't be read. */
export const readEnvFile = (): Readonly<Record<string, string | undefined>> => parseEnv(readEnvText())

/** Returns the text of `.env`, without the mark that editors on Windows write before it: with that, the first name would be another one. Throws a ConfigError. */
export const readEnvText = (): string => {
  let bytes: Buffer
  try {
    bytes = readFileSync(envFile)
  } catch (cause) {
    throw new ConfigError([`${envFile} can't be read: ${(cause as Error).message}${whyDenied('read', envFile)}`]) // node:fs throws Errors
  }
  if (bytes.includes(0)) throw new ConfigError([`${envFile} can't be read: it is not in UTF-8, but probably in UTF-16, as some editors on Windows save it`])
  return bytes.toString().replace(/^\uFEFF/, '')
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
