/** How the command prints people, for eyes and for programs. */
import { handleOf, type Person } from '../../domain/person.ts'
import { personView } from '../../http/wire.ts'

/** A person as an owner's phone gets them, and whether they are an owner, which no call tells. */
export const asJson = (person: Person) => ({ ...personView(person), is_owner: person.isOwner })

/** Null for who was added ahead of their first scan, and for who has deleted their data while they were blocked. */
export const momentOf = (ms: number | null): string => ms === null ? 'no record' : new Date(ms).toISOString().slice(0, 16).replace('T', ' ')

export const heading = 'handle               state    last seen (UTC)   name\n'

/** What varies in width stands last. */
export const lineOf = ({ sub, state, lastSeenAt, name, isOwner, groups }: Person): string => {
  const more = [...(isOwner ? ['owner'] : []), ...groups].join(', ')
  return `${[handleOf(sub), state.padEnd(7), momentOf(lastSeenAt).padEnd(16), name ?? '-', ...(more === '' ? [] : [`(${more})`])].join('  ')}\n`
}

export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`
