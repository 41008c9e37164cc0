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

export const measurements: Readonly<Record<string, (subjects: Subjects, sizes: Sizes) => Measurement>> = {
  logins: measureLogins,
  held: measureHeld,
  'slow-disk': measureSlowDisk,
  growth: measureGrowth,
  start: measureStart,
  redis: measureRedisWire,
  'first-code': measureFirstCode,
  person: measurePerson,
}
