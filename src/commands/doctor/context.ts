/** What the checks work with. */
import type { ReadSettings } from '../../config.ts'
import type { Clock } from '../../login/ports.ts'
import type { Finding } from './finding.ts'

export interface CheckContext extends ReadSettings {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
}

/** Looks at one side of a set-up; changes nothing that stays. An Error that it throws is a `check-failed`. */
export type Check = (context: CheckContext) => Promise<readonly Finding[]>
