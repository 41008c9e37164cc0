/** Back-channel logout: the queue of ended sessions, and how sites hear of them. */
import type { Dispatcher } from 'undici'
import type { default as Provider } from 'oidc-provider'
import { newId, type RandomBytes } from '../domain/ids.ts'
import type { Clock, Log } from '../login/ports.ts'
import type { Store } from '../login/store-port.ts'
import { createFreshDispatcher } from '../outgoing/dispatcher.ts'
import { isSuccess, post } from '../outgoing/post.ts'
import { createEndedSessions } from '../sessions/ended-sessions.ts'
import { createLease } from '../webhook/lease.ts'
import type { FollowedClients } from './clients-file.ts'
import { startLogoutDelivery, type LogoutDelivery } from './logout-delivery.ts'
import type { Tell } from './logout-lane.ts'
import { makeLogoutToken } from './logout-token.ts'
import type { ProviderSessions } from './provider-sessions.ts'

/** Another instance goes on within this time when the one that tells the sites is killed. */
const leaseMs = 6000

/** A site that is slower has failed: it may end sessions of its own in a database. */
const deadlineMs = 10_000

export interface LogoutDeps {
  readonly store: Store
  /** The store's. */
  readonly clock: Clock
  readonly random: RandomBytes
  readonly log: Log
  readonly sealingKey: Buffer
  readonly clients: Pick<FollowedClients, 'find'>
  readonly isLive: (sessionId: string) => Promise<boolean>
  readonly sessions: Pick<ProviderSessions, 'authorizationsOf' | 'forget'>
  readonly provider: () => Provider
  /** The HTTP proxy for calls to an address; null for none. */
  readonly proxyFor: (url: string) => string | null
}

/**
 * Creates the function that calls a site. The address is the owner's own, from a file that nobody else may write: it may be one inside the owner's network, as that is where most
 * apps are, so no block list stands in its way. A redirect isn't followed, and nothing of the answer but its status is used: a site can't send the call elsewhere.
 */
const createTell = ({ provider, random, clock, proxyFor }: LogoutDeps, dispatcherFor: (proxy: string | null) => Dispatcher): Tell => async (site, uri) => {
  let token: string
  try {
    token = await makeLogoutToken(provider(), site, random)
  } catch (error) {
    return { result: 'failed', why: (error as Error).message, retryAfterMs: 0 } // only Errors are thrown; they name no person
  }
  const { status, why, retryAfterMs } = await post(dispatcherFor(proxyFor(uri)), clock, {
    url: uri,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ logout_token: token }).toString(),
    deadlineMs,
  })
  // Back-Channel Logout 1.0 §2.8: 400 is the answer of a site that won't take this logout, also later.
  return { result: isSuccess(status) ? 'heard' : status === 400 ? 'refused' : 'failed', why, retryAfterMs }
}

/** Begins to tell sites. */
export const openLogouts = (deps: LogoutDeps): LogoutDelivery => {
  const { store, clock, random, log, sealingKey, clients, isLive, sessions } = deps
  const dispatchers = new Map<string | null, Dispatcher>()
  const dispatcherFor = (proxy: string | null): Dispatcher => {
    const found = dispatchers.get(proxy) ?? createFreshDispatcher({ proxy })
    dispatchers.set(proxy, found)
    return found
  }
  const delivery = startLogoutDelivery({
    queue: createEndedSessions(store, { clock, sealingKey }),
    lease: createLease(store, clock, { key: 'logout-lease', holder: newId(random), leaseMs }),
    findClient: (clientId) => clients.find(clientId),
    isLive,
    sites: sessions,
    tell: createTell(deps, dispatcherFor),
    clock,
    log,
    random: () => random(1).readUInt8() / 255,
  })
  return {
    close: async () => {
      await delivery.close()
      await Promise.all([...dispatchers.values()].map((dispatcher) => dispatcher.destroy()))
    },
  }
}
