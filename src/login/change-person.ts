import { maxGroups, type Person } from '../domain/person.ts'
import { Problem } from '../errors.ts'
import type { Audit } from './audit.ts'
import { letInWaiting, type DecisionDeps } from './decide-person.ts'
import type { PersonRegister } from './people-port.ts'

/**
 * Makes a person an owner, or no owner any more; a new owner who waits is let in as well, as an owner who may not come in could do nothing. Only a command on the server
 * may. False where nothing has changed. Rejects with `not-found` where nobody is known by this id, and with `person-blocked` for a new owner who is blocked.
 */
export const changeOwner = async (deps: DecisionDeps, { sub, isOwner }: { readonly sub: string, readonly isOwner: boolean }): Promise<boolean> => {
  const { people, audit } = deps
  const person = await knownPerson(people, sub)
  if (isOwner && person.state === 'blocked') throw new Problem('person-blocked')
  if (isOwner && person.state === 'waiting') await letInWaiting(deps, { sub, owner: null })
  if (person.isOwner === isOwner) return false
  if (!await people.setOwner(sub, isOwner)) throw new Problem('not-found')
  audit.record({ event: 'person.changed', sub, by: 'operator', is_owner: isOwner })
  return true
}

export interface GroupChange {
  readonly sub: string
  readonly add?: readonly string[]
  readonly remove?: readonly string[]
}

/**
 * Puts a person into groups, or takes them out. Only a command on the server may. False where nothing has changed. Rejects with `not-found` where nobody is known by this
 * id, and with `bad-request` where the groups would become too many.
 */
export const changeGroups = async ({ people, audit }: { readonly people: PersonRegister, readonly audit: Audit }, { sub, add = [], remove = [] }: GroupChange): Promise<boolean> => {
  const next = (groups: readonly string[]): readonly string[] => [...new Set([...groups, ...add])].filter((group) => !remove.includes(group))
  const { groups } = await knownPerson(people, sub)
  if (next(groups).length === groups.length && groups.every((group) => !remove.includes(group))) return false
  if (next(groups).length > maxGroups) throw new Problem('bad-request', { detail: `A person is in ${maxGroups} groups at the most` })
  if (!await people.setGroups(sub, next)) throw new Problem('not-found')
  audit.record({ event: 'person.changed', sub, by: 'operator', groups: next(groups) })
  return true
}

const knownPerson = async (people: PersonRegister, sub: string): Promise<Person> => {
  const person = await people.read(sub)
  if (person.state === 'unknown') throw new Problem('not-found')
  return person
}
