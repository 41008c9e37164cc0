/**
 * The provider's sessions and grants. It has none of its own: each is a view of one of our sessions, and ends with it. Only which sites a session has opened is stored
 * beside it.
 */
import type { Adapter, AdapterPayload } from 'oidc-provider'
import { hashSecret, newId, type RandomBytes } from '../domain/ids.ts'
import { schema, type StoredRecord } from '../domain/record.ts'
import type { Clock, PersonalSession } from '../login/ports.ts'
import { createRecords } from '../login/records.ts'
import type { Store } from '../login/store-port.ts'
import { isEntryId } from './entries.ts'
import type { VisitorRoom } from './visitor-room.ts'

/** What a session has with one site. */
export interface Authorization {
  /** What the site calls the session: the `sid` of ID tokens and logout tokens. */
  readonly sid: string
  readonly grantId: string
}

interface AuthorizationRecord extends StoredRecord {
  readonly byClient: Readonly<Record<string, KnownSite>>
}

/** A site that knows a session. `grantId` is null where its grant was ended: it hears of a logout all the same. */
export interface KnownSite extends Pick<Authorization, 'sid'> {
  readonly grantId: string | null
}

/** What a page of the provider keeps between its form and the answer to it: the form's secret, above all. */
interface FormRecord extends StoredRecord {
  readonly state: unknown
}

/** For visitors who aren't logged in. */
interface VisitorRecord extends StoredRecord {
  readonly payload: AdapterPayload
}

export interface ProviderSessions {
  /** The adapter of the model `Session`. */
  readonly sessions: Adapter
  /** The adapter of the model `Grant`. */
  readonly grants: Adapter
  /** The value of the provider's session cookie for a live session of ours. Good in this process alone, and never sent to a browser. */
  cookieFor (session: Pick<PersonalSession, 'id'>): string
  /** What a session has with a site, made where there is nothing yet: of several calls at once all get the same. Undefined where the session has ended. */
  authorize (session: PersonalSession, clientId: string): Promise<Authorization | undefined>
  /** The sites that a session has opened, by client id. Also of one that has ended, until `forget`. */
  authorizationsOf (sessionId: string): Promise<Readonly<Record<string, KnownSite>>>
  /** Removes what is stored beside a session. */
  forget (sessionId: string): Promise<void>
  /** Ends a grant, and with it everything that was issued under it. */
  endGrant (grantId: string): Promise<void>
}

export interface ProviderSessionDeps {
  readonly store: Store
  readonly clock: Pick<Clock, 'now'>
  readonly random: RandomBytes
  /** Reads a live session of our own site, whose person may be here. */
  readonly readSession: (id: string) => Promise<PersonalSession | undefined>
  /** Notes that a site will know a session, so that its end is queued for the site. False where it has ended. */
  readonly noteSite: (id: string) => Promise<boolean>
  readonly room: VisitorRoom
  /** How long a session lives at the most. */
  readonly maxMs: number
  /** The scopes and claims that a grant covers: all, as nobody is asked. What a token covers is what its site asked for. */
  readonly granted: { readonly scope: string, readonly claims: readonly string[] }
  /** Which page of the provider is being answered; undefined outside of its calls. */
  readonly route: () => string | undefined
  /** Ends the session of the call that is being answered: its person has said so on the provider's page. */
  readonly endSession: () => Promise<void>
}

/** How long a page with a form may stay open. */
const formMs = 3600_000

/** Pages with a form, which compare its secret with the one that is stored. */
const formRoutes: readonly string[] = ['end_session_confirm', 'code_verification', 'device_resume']

export const createProviderSessions = ({ store, clock, random, readSession, noteSite, room, maxMs, granted, route, endSession }: ProviderSessionDeps): ProviderSessions => {
  const authorizations = createRecords<AuthorizationRecord>(store, { prefix: 'oidc:session:' })
  const forms = createRecords<FormRecord>(store, { prefix: 'oidc:form:' })
  const visitors = createRecords<VisitorRecord>(store, { prefix: 'oidc:visitor:' })
  /** No browser can send it: without it a cookie names a visitor who isn't logged in. */
  const ownPrefix = `${newId(random)}.`

  const authorizationsOf: ProviderSessions['authorizationsOf'] = async (sessionId) => (await authorizations.read(sessionId))?.byClient ?? {}

  /** Removes a site that was added while the session ended, and has heard of nothing. Others are removed when they have heard of the end. */
  const withdraw = async (sessionId: string, clientId: string): Promise<void> => {
    const { after } = await authorizations.update(sessionId, (record) => {
      if (record?.byClient[clientId] === undefined) return record
      const { [clientId]: _withdrawn, ...byClient } = record.byClient
      return { ...record, byClient }
    }, () => formMs)
    if (Object.keys(after?.byClient ?? {}).length === 0) await authorizations.remove(sessionId)
  }

  /** The session is noted first: whatever ends it from then on queues its end, and finds this site. Where the end came before the site was stored, nothing is authorized. */
  const authorize: ProviderSessions['authorize'] = async ({ id, createdAt }, clientId) => {
    const known = (await authorizationsOf(id))[clientId]
    if (known !== undefined && known.grantId !== null) return { sid: known.sid, grantId: known.grantId }
    if (!await noteSite(id)) return undefined
    const made: Authorization = { sid: newId(random), grantId: `${id}${newId(random)}` }
    const ttlMs = Math.max(1, createdAt + maxMs - clock.now())
    const { after } = await authorizations.update(id, (record) => {
      const site = record?.byClient[clientId]
      return site !== undefined && site.grantId !== null ? record : { schema, ...record, byClient: { ...record?.byClient, [clientId]: { ...made, ...site && { sid: site.sid } } } }
    }, () => ttlMs)
    if (!await noteSite(id)) {
      await withdraw(id, clientId)
      return undefined
    }
    const { sid, grantId } = after?.byClient[clientId] ?? made
    return grantId === null ? undefined : { sid, grantId }
  }

  const asPayload = (id: string, session: PersonalSession, byClient: Readonly<Record<string, KnownSite>>, state?: unknown): AdapterPayload => ({
    kind: 'Session',
    jti: id,
    uid: session.id,
    accountId: session.sub,
    loginTs: Math.floor(session.createdAt / 1000),
    amr: ['wechat'],
    iat: Math.floor(session.createdAt / 1000),
    exp: Math.floor(Date.now() / 1000) + 3600, // the provider compares it with the machine's clock; whether the session lives was asked now
    authorizations: Object.fromEntries(Object.entries(byClient).map(([clientId, { sid, grantId }]) => [clientId, { sid, ...grantId !== null && { grantId } }])),
    ...(state !== undefined && { state: state as Record<string, unknown> }),
  })

  /** Without the sites: the provider would tell each of a logout, and we do that ourselves for whichever way a session ends. */
  const findByCookie = async (id: string): Promise<AdapterPayload | undefined> => {
    if (!id.startsWith(ownPrefix)) return isEntryId(id) ? (await visitors.read(hashSecret(id)))?.payload : undefined
    const session = await readSession(id.slice(ownPrefix.length))
    if (session === undefined) return undefined
    const form = formRoutes.includes(route() ?? '') ? await forms.read(session.id) : undefined
    return asPayload(id, session, {}, form?.state)
  }

  const sessions: Adapter = {
    find: findByCookie,
    findByUid: async (uid) => {
      const [session, byClient] = await Promise.all([readSession(uid), authorizationsOf(uid)])
      return session && asPayload(`${ownPrefix}${uid}`, session, byClient)
    },
    findByUserCode: async () => undefined,
    upsert: async (id, payload) => {
      const { uid, accountId, state } = payload
      if (accountId === undefined) {
        await room.take('visitor', hashSecret(id))
        return await visitors.write(hashSecret(id), { schema, payload }, formMs)
      }
      if (uid !== undefined && state !== undefined && await readSession(uid) !== undefined) await forms.write(uid, { schema, state }, formMs)
    },
    consume: async () => {},
    // The provider also removes a session to store it under another id; ours has one id.
    destroy: async () => { if (route() === 'end_session_confirm') await endSession() },
    revokeByGrantId: async () => {},
  }

  const sessionIdOf = (grantId: string): string => grantId.slice(0, 22)

  const endGrant: ProviderSessions['endGrant'] = async (grantId) => {
    await authorizations.update(sessionIdOf(grantId), (record) => {
      const [clientId, site] = Object.entries(record?.byClient ?? {}).find(([, { grantId: id }]) => id === grantId) ?? []
      return record === undefined || clientId === undefined || site === undefined ? record : { ...record, byClient: { ...record.byClient, [clientId]: { ...site, grantId: null } } }
    }, () => maxMs)
  }

  const grants: Adapter = {
    find: async (grantId) => {
      const uid = sessionIdOf(grantId)
      const [session, byClient] = await Promise.all([readSession(uid), authorizationsOf(uid)])
      const clientId = Object.entries(byClient).find(([, authorization]) => authorization.grantId === grantId)?.[0]
      if (session === undefined || clientId === undefined) return undefined
      return { kind: 'Grant', jti: grantId, accountId: session.sub, clientId, openid: { scope: granted.scope, claims: [...granted.claims] }, iat: Math.floor(session.createdAt / 1000), exp: Math.floor(Date.now() / 1000) + 3600 }
    },
    findByUid: async () => undefined,
    findByUserCode: async () => undefined,
    upsert: async () => {}, // `authorize` has stored it
    consume: async () => {},
    destroy: endGrant,
    revokeByGrantId: endGrant,
  }

  return {
    sessions,
    grants,
    cookieFor: ({ id }) => `${ownPrefix}${id}`,
    authorize,
    authorizationsOf,
    forget: async (sessionId) => { await Promise.all([authorizations.remove(sessionId), forms.remove(sessionId)]) },
    endGrant,
  }
}
