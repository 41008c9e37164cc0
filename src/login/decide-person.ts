import type { KnownState } from '../domain/person.ts'
import { move } from '../domain/ticket.ts'
import { Problem } from '../errors.ts'
import type { Audit } from './audit.ts'
import type { PersonRegister } from './people-port.ts'
import { signOutEverywhere, type SignOutDeps } from './sign-out-everywhere.ts'
import { updateTicket, type UpdateDeps } from './update-ticket.ts'

export interface DecisionDeps extends SignOutDeps, UpdateDeps {
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

/** Lets a person in who waits, and nobody else: a block that an owner decides on meanwhile stays. True where this call did. */
export const letInWaiting = async ({ people, audit }: DecisionDeps, decision: Decision): Promise<boolean> => {
  const isLetIn = await people.setState(decision.sub, ['waiting'], 'active')
  if (isLetIn) audit.record({ event: 'person.allowed', sub: decision.sub, ...by(decision) })
  return isLetIn
}

/**
 * Cancels what a person has scanned, so that the polls that browsers hold for it are answered; a pending ticket is noted as theirs where they are about to scan it. What
 * they have confirmed can't be cancelled: its browser learns why when it consumes that.
 */
const cancelScanned = async (deps: DecisionDeps, decision: Decision): Promise<void> => {
  const { sub } = decision
  await Promise.all((await deps.people.ticketsOf(sub)).map((id) => updateTicket(deps, id, (ticket, now) =>
    ticket.state === 'pending' || (ticket.state === 'scanned' && ticket.person?.sub === sub) ? move(ticket, 'cancel', now) ?? ticket : ticket, by(decision).by).catch((error: unknown) => {
    if (!(error instanceof Problem) || error.code !== 'ticket-not-found') throw error
  })))
}

/**
 * Blocks a person, and then ends all that they have, in this order: who reads them after that admits them to nothing, and what was begun before ends with the
 * sign-out. Repeatable: another call finishes what broke off. A command on the server may also block somebody ahead of their first scan. Rejects with `bad-request` for the owner themselves, and with `not-found` where nobody is known by this id.
 */
export const blockPerson = async (deps: DecisionDeps, decision: Decision): Promise<void> => {
  const { people, audit } = deps
  const { sub, owner } = decision
  if (sub === owner) throw new Problem('bad-request', { detail: 'An owner can not block themselves' })
  const isAhead = owner === null && (await people.read(sub)).state === 'unknown' && await people.create(sub, { state: 'blocked', isSeen: false }) !== undefined
  if (isAhead || await bring(people, sub, ['waiting', 'active'], 'blocked')) audit.record({ event: 'person.blocked', sub, ...by(decision) })
  await signOutEverywhere(deps, { sub, by: by(decision).by, exceptKeyId: null })
  await cancelScanned(deps, decision)
}
