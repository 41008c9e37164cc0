import type { KnownState } from '../domain/person.ts'
import { Problem } from '../errors.ts'
import type { Audit } from './audit.ts'
import type { PersonRegister } from './ports.ts'
import { signOutEverywhere, type SignOutDeps } from './sign-out-everywhere.ts'

export interface DecisionDeps extends SignOutDeps {
  readonly people: PersonRegister
  readonly audit: Audit
}

/** `owner` is the sub of the owner who decides; null for a command on the server. */
export interface Decision { readonly sub: string, readonly owner: string | null }

const by = ({ owner }: Decision) => owner === null ? { by: 'operator' } as const : { by: 'owner', owner } as const

/**
 * Brings a person into a state; true where this call did, false where they are in it already. Rejects with `not-found` where nobody is known by this id. Another owner may
 * decide otherwise at the same time: then this decision comes after theirs.
 */
const bring = async (people: PersonRegister, sub: string, from: readonly KnownState[], to: KnownState): Promise<boolean> => {
  for (;;) { // terminates: what another caller has changed is read again
    if (await people.setState(sub, from, to)) return true
    const { state } = await people.read(sub)
    if (state === to) return false
    if (state === 'unknown') throw new Problem('not-found')
  }
}

/** Lets a person in, who waits or is blocked. Repeatable. Rejects with `not-found` where nobody is known by this id. */
export const allowPerson = async ({ people, audit }: DecisionDeps, decision: Decision): Promise<void> => {
  const { sub } = decision
  if (await bring(people, sub, ['waiting', 'blocked'], 'active')) audit.record({ event: 'person.allowed', sub, ...by(decision) })
}

/**
 * Blocks a person, and then ends all that they have, in this order: who reads them after that admits them to nothing, and what was begun before ends with the
 * sign-out. Repeatable: another call finishes what broke off. A command on the server may also block somebody ahead of their first scan. Rejects with `bad-request` for the owner themselves, and with `not-found` where nobody is known by this id.
 */
export const blockPerson = async (deps: DecisionDeps, decision: Decision): Promise<void> => {
  const { people, audit } = deps
  const { sub, owner } = decision
  if (sub === owner) throw new Problem('bad-request', { detail: 'An owner can not block themselves' })
  const isAhead = owner === null && (await people.read(sub)).state === 'unknown' && await people.create(sub, { state: 'blocked', isSeen: false })
  if (isAhead || await bring(people, sub, ['waiting', 'active'], 'blocked')) audit.record({ event: 'person.blocked', sub, ...by(decision) })
  await signOutEverywhere(deps, { sub, by: owner === null ? 'operator' : 'owner', exceptKeyId: null })
}
