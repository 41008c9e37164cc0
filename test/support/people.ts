/** People as owners and operators see them. */
import { createPeople } from '../../src/people/people.ts'
import type { PersonRegister } from '../../src/login/people-port.ts'
import type { TestPhone } from './clients.ts'
import { phoneOf } from './login.ts'
import type { Answer, Call, TestService } from './test-service.ts'

/** The people in a service's store. */
export const peopleIn = ({ store, clock }: TestService): PersonRegister => createPeople(store, clock)

/** Logs a phone in whose person has been here, and is in this state. */
export const personOf = async (service: TestService, person: string, { state = 'active', isOwner = false }: { state?: 'waiting' | 'active' | 'blocked', isOwner?: boolean } = {}): Promise<TestPhone> => {
  const phone = await phoneOf(service, person)
  const people = peopleIn(service)
  await people.create(phone.sub, { state: 'active', isSeen: true })
  await people.setState(phone.sub, ['waiting', 'active', 'blocked'], state)
  if (isOwner) await people.setOwner(phone.sub, true)
  return phone
}

export const ownerOf = (service: TestService, person = 'owner'): Promise<TestPhone> => personOf(service, person, { isOwner: true })

export const decision = (verb: 'allow' | 'block', sub: string): Call => ({ method: 'POST', path: `/api/phone/people/${sub}/${verb}` })
export const allow = (owner: TestPhone, sub: string): Promise<Answer> => owner.signed(decision('allow', sub))
export const block = (owner: TestPhone, sub: string): Promise<Answer> => owner.signed(decision('block', sub))
export const erase = (phone: TestPhone): Promise<Answer> => phone.signed({ method: 'DELETE', path: '/api/phone/person' })
