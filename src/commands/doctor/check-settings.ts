/** Settings that can be read; for those that can't, there is `wrongSettings`. */
import { ConfigError } from '../../config.ts'
import type { Check } from './context.ts'
import { failure, ok, warning, type Finding } from './finding.ts'

export const checkSettings: Check = async ({ warnings }) => [
  ok('they can be read'),
  ...warnings.map((line) => warning('setting-ignored', line, 'rename it, or leave it if it is another program\'s')),
]

/** The findings where the settings can't be read at all. Throws what is no fault of the settings. */
export const wrongSettings = (error: unknown): readonly Finding[] => {
  if (error instanceof ConfigError) return error.lines.map((line) => failure('setting-wrong', line, 'change it in .env, or in the environment of the service'))
  throw error
}
