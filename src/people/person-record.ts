/** The stored record of a person, and the sorted lists in which it is found: by state, by handle and by name. */
import { handleOf, type KnownState, type Person } from '../domain/person.ts'
import type { schema, StoredRecord } from '../domain/record.ts'

/** What is replaced by version has to end, and a person's record doesn't: a hundred years. */
export const keptMs = 100 * 365 * 86_400_000

/** As stored. An earlier release stored names alone. */
export interface NameRecord extends StoredRecord { readonly name: string }

/** As stored. Times are milliseconds since 1970. */
export interface PersonRecord {
  readonly schema: typeof schema
  readonly version: number
  readonly sub: string
  readonly state: KnownState
  /** When the person got into this state. */
  readonly stateSince: number
  readonly groups: readonly string[]
  readonly isOwner: boolean
  readonly recordedAt: number
  readonly firstSeenAt: number | null
  readonly lastSeenAt: number | null
  /** Tickets that this person has scanned and that are still stored: they have to go where the person's data is deleted. */
  readonly tickets: ReadonlyArray<{ readonly id: string, readonly storedUntil: number }>
  /** Names under which the person is listed: the present one, and one that is about to be, or was just now. */
  readonly listedNames: readonly string[]
  /** What the lists may have against this record; null where they are known to agree with it. */
  readonly unsettled: readonly ListEntry[] | null
  /** The person's data is being deleted, or has been and they are blocked: they are listed nowhere but among the blocked. */
  readonly isErased: boolean
}

export interface ListEntry { readonly list: string, readonly text: string }

export const handleList = 'people-by-handle'
export const nameList = 'people-by-name'
export const listOfState = (state: KnownState): string => `people-${state}`

/** Milliseconds with 13 digits, until the year 2286. */
const latest = 9_999_999_999_999

/** The newest first: texts are in ascending order. */
export const stateEntry = ({ stateSince, sub }: Pick<PersonRecord, 'stateSince' | 'sub'>): string => `${String(latest - stateSince).padStart(13, '0')}:${sub}`

/** When the person of an entry got into the state. */
export const sinceOf = (entry: string): number => latest - Number(entry.slice(0, 13))

export const handleEntry = (sub: string): string => `${handleOf(sub)}:${sub}`

/** Everything that the lists must have of a person. */
export const entriesOf = (record: PersonRecord): readonly ListEntry[] => {
  const { sub, state, listedNames, isErased } = record
  const ofState = { list: listOfState(state), text: stateEntry(record) }
  if (isErased) return state === 'blocked' ? [ofState] : []
  return [ofState, { list: handleList, text: handleEntry(sub) }, ...listedNames.map((name) => ({ list: nameList, text: nameEntry(name, sub) }))]
}

export const nameEntry = (name: string, sub: string): string => `${foldedName(name)}:${sub}`

/**
 * A name as it is searched for: without differences of case and width. Normalising may make a name longer than an entry can be. A sigma has a form of its own at
 * the end of a word, and what is searched for may end before the word does.
 */
export const foldedName = (name: string): string => [...name.trim().normalize('NFKC').toLowerCase().replaceAll('ς', 'σ')].slice(0, 100).join('')

/** Tells whether a folded text can be the beginning of an entry. */
export const isSearchable = (folded: string): boolean => folded !== '' && folded.isWellFormed() && !/[\0\u{10ffff}]/u.test(folded)

/** The person of an entry: what follows its last colon. */
export const subOf = (entry: string): string => entry.slice(entry.lastIndexOf(':') + 1)

export const asPerson = ({ sub, state, groups, isOwner, recordedAt, firstSeenAt, lastSeenAt }: PersonRecord, name: string | null): Person =>
  ({ sub, state, name, groups, isOwner, recordedAt, firstSeenAt, lastSeenAt })
