/** What `npm run bench` measures, by its name for `--only`, in the order of the table. */
import type { Measurement } from './row.ts'
import { measureFirstCode } from './rows/first-code.ts'
import { measureGrowth } from './rows/growth.ts'
import { measureHeld } from './rows/held.ts'
import { measureLogins } from './rows/logins.ts'
import { measurePerson } from './rows/person.ts'
import { measureRedisWire } from './rows/redis-wire.ts'
import { measureSlowDisk } from './rows/slow-disk.ts'
import { measureStart } from './rows/start.ts'
import type { Sizes } from './sizes.ts'
import type { Subjects } from './subjects.ts'

interface Entry {
  readonly create: (subjects: Subjects, sizes: Sizes) => Measurement
  /** By default: fewer where a round takes long, or counts in place of timing. */
  readonly rounds: number
}

export const measurements: Readonly<Record<string, Entry>> = {
  logins: { create: measureLogins, rounds: 3 },
  held: { create: measureHeld, rounds: 2 },
  'slow-disk': { create: measureSlowDisk, rounds: 2 },
  growth: { create: measureGrowth, rounds: 3 },
  start: { create: measureStart, rounds: 3 },
  redis: { create: measureRedisWire, rounds: 1 },
  'first-code': { create: measureFirstCode, rounds: 1 },
  person: { create: measurePerson, rounds: 1 },
}
