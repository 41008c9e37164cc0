/** What the provider needs, and what it is told of each call. */
import type { FastifyRequest } from 'fastify'
import type { JWKS } from 'oidc-provider'
import type { RandomBytes } from '../domain/ids.ts'
import type { Audit } from '../login/audit.ts'
import type { WechatIdRegister } from '../login/people-port.ts'
import type { Clock, Log, OnAppLogin, PersonalSession } from '../login/ports.ts'
import type { Store } from '../login/store-port.ts'
import type { FollowedClients } from './clients-file.ts'
import type { ProviderPages } from './pages.ts'

/** A call that the provider is answering. */
export interface ProviderCall {
  readonly request: Pick<FastifyRequest, 'audit'>
  /** The live session of the browser, of our own site; null where nobody is logged in. */
  readonly session: PersonalSession | null
  /** The visitor's network: a part of a key. */
  readonly network: string
}

export interface ProviderDeps {
  /** Seals in the store what may name somebody. */
  readonly sealingKey: Buffer
  readonly store: Store
  readonly clock: Clock
  readonly random: RandomBytes
  readonly clients: FollowedClients
  /** OIDC_CLIENTS_FILE, as log lines name it. */
  readonly clientsFile: string
  readonly log: Log
  readonly wechatIds: Pick<WechatIdRegister, 'read'>
  /** Reads a live session of our own site, whose person may be here. */
  readonly readSession: (id: string) => Promise<PersonalSession | undefined>
  readonly endSession: (session: PersonalSession, audit: Audit) => Promise<void>
  /** Counts a call of a person for whom something is stored. Rejects with `rate-limited`. */
  readonly countPerson: (sub: string, audit: Audit) => Promise<void>
  /** Notes that a site will know a session. False where it has ended. */
  readonly noteSite: (id: string) => Promise<boolean>
  /** The private keys, the one that signs first for each algorithm. Read for each call: the key file may be rotated while the service runs. */
  readonly jwks: () => JWKS
  readonly pages: ProviderPages
  readonly publicUrl: string
  readonly emailDomain: string
  readonly onLogin?: OnAppLogin | undefined
  /** SESSION_MAX and SESSION_IDLE in seconds. */
  readonly sessionSeconds: { readonly max: number, readonly idle: number }
  /** How much is stored for visitors at the most, over all instances. */
  readonly maxVisits: number
}
