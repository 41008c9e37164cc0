/** What an operator decides of one person. Each returns the line that says what has changed; each may be repeated. */
import { handleOf } from '../../domain/person.ts'
import type { Step } from '../../domain/step.ts'
import { changeGroups, changeOwner } from '../../login/change-person.ts'
import { allowPerson, blockPerson } from '../../login/decide-person.ts'
import { erasePerson } from '../../login/erase-person.ts'
import { signOutEverywhere } from '../../login/sign-out-everywhere.ts'
import { counted } from './output.ts'
import type { Parts } from './parts.ts'

export const setOwner = async (parts: Parts, sub: string, isOwner: boolean): Promise<string> => {
  const { state } = await parts.people.read(sub)
  const hasChanged = await changeOwner(parts, { sub, isOwner })
  const isLetIn = isOwner && state === 'waiting' ? ', and has been let in' : ''
  return `${handleOf(sub)} is ${isOwner ? hasChanged ? 'an owner now' : 'an owner already' : hasChanged ? 'no owner any more' : 'no owner'}${isLetIn}`
}

export const setGroup = async (parts: Parts, sub: string, group: string, isIn: boolean): Promise<string> => {
  const hasChanged = await changeGroups(parts, { sub, [isIn ? 'add' : 'remove']: [group] })
  const { groups } = await parts.people.read(sub)
  const what = hasChanged ? 'is now' : 'is, as before,'
  return `${handleOf(sub)} ${what} in ${groups.length === 0 ? 'no group' : groups.join(', ')}`
}

export const allow = async (parts: Parts, sub: string): Promise<string> => {
  await allowPerson(parts, { sub, owner: null })
  return `${handleOf(sub)} may come in`
}

export const block = async (parts: Parts, sub: string): Promise<string> => {
  const { ended, audit } = counting(parts)
  await blockPerson({ ...parts, audit }, { sub, owner: null })
  return `${handleOf(sub)} is blocked, and signed out: ${ended()}`
}

export const signOut = async (parts: Parts, sub: string): Promise<string> => {
  const { browsers, phones } = await signOutEverywhere(parts, { sub, by: 'operator', exceptKeyId: null })
  return `${sub} is signed out everywhere: ${counted(browsers, 'browser')}, ${counted(phones, 'phone key')}`
}

/** Also of somebody without a record: an earlier release made none. */
export const erase = async (parts: Parts, sub: string): Promise<string> => {
  const person = await parts.people.read(sub)
  const browsers = await parts.sessions.listOf(person)
  await erasePerson(parts, { sub, by: 'operator' })
  const gone = [...(person.state === 'unknown' ? [] : ['record']), ...(person.name === null ? [] : ['name']), counted(browsers.length, 'browser'), 'all phone keys'].join(', ')
  return `${handleOf(sub)} is erased: ${gone}${person.state === 'blocked' ? '. That they are blocked is kept' : ''}`
}

/** An audit that also counts what a use case ends without returning it. */
const counting = ({ audit }: Parts) => {
  const steps: Step[] = []
  const count = (event: Step['event']) => steps.filter((step) => step.event === event).length
  return {
    audit: { record: (step: Step) => { steps.push(step); audit.record(step) } },
    ended: () => `${counted(count('session.ended'), 'browser')}, ${counted(count('phone-key.ended'), 'phone key')}`,
  }
}
