/** The environment and the files that settings come from. Only this file reads process.env. */
import { existsSync, readFileSync } from 'node:fs'
import { readConfig, type Config } from './config.ts'

/** Returns process.env; `withFile` adds what a `.env` file sets. */
export const readEnvironment = ({ withFile }: { withFile: boolean }): NodeJS.ProcessEnv => {
  if (withFile && existsSync('.env')) process.loadEnvFile('.env')
  return process.env
}

/** Reads the settings of the service, for `npm start` and for the commands that work beside it: environment, `.env` and the files of secrets. Throws as `readConfig` does. */
export const readServiceSettings = (): { readonly environment: NodeJS.ProcessEnv, readonly config: Config } => {
  const environment = readEnvironment({ withFile: true })
  return { environment, config: readConfig(environment, (path) => readFileSync(path, 'utf8')) }
}
