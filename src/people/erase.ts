import type { PersonRegister } from '../login/people-port.ts'
import type { Clock } from '../login/ports.ts'
import type { Records } from '../login/records.ts'
import type { Store } from '../login/store-port.ts'
import { uniqueEntries, type Settle } from './person-lists.ts'
import { entriesOf, keptMs, type NameRecord, type PersonRecord } from './person-record.ts'

interface EraseDeps {
  readonly records: Records<PersonRecord>
  readonly names: Records<NameRecord>
  readonly settle: Settle
}

/**
 * Creates the deletion of a person. Their record is the last to go, as it says what else there is: it is marked first, with another `recordedAt`, so that nothing that
 * began under it is valid from then on, and removed where nothing has changed since. A scan or a new name in between takes the mark away, and then all begins again.
 * A block stays, whenever it comes.
 */
export const createErase = (store: Store, clock: Clock, { records, names, settle }: EraseDeps): PersonRegister['erase'] => async (sub, eraseOthers) => {
  for (;;) {
    const found = await records.read(sub)
    const erasing = found && (found.isErased ? found : marked(found, clock.now()))
    if (found !== undefined && erasing !== undefined && erasing !== found && !await records.replace(sub, found, erasing, keptMs)) continue
    await eraseOthers(erasing?.tickets.map(({ id }) => id) ?? [])
    await names.remove(sub)
    if (erasing !== undefined) await settle(sub)
    const last = await records.read(sub)
    if (last === undefined && erasing === undefined) return
    if (last === undefined || !last.isErased || last.unsettled !== null || last.recordedAt !== erasing?.recordedAt) continue
    const isDone = last.state === 'blocked' ? await records.replace(sub, last, blockedOnly(last), keptMs) : await store.removeClaim(records.keyOf(sub), last)
    if (isDone) return
  }
}

const marked = (record: PersonRecord, now: number): PersonRecord => ({
  ...record,
  recordedAt: Math.max(now, record.recordedAt + 1),
  unsettled: uniqueEntries([...record.unsettled ?? [], ...entriesOf(record)]),
  isErased: true,
})

/** What is kept of a blocked person who deletes their data: that they are blocked. Nothing that was begun while the rest was deleted may add to it. */
const blockedOnly = ({ schema, version, sub, state, stateSince, recordedAt }: PersonRecord): PersonRecord => ({
  schema,
  version,
  sub,
  state,
  stateSince,
  groups: [],
  isOwner: false,
  recordedAt: recordedAt + 1,
  firstSeenAt: null,
  lastSeenAt: null,
  tickets: [],
  listedNames: [],
  unsettled: null,
  isErased: true,
})
