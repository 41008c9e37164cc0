/** Whom the provider's tokens and grants lead to: a person of a live session of ours, at an app that they may use. */
import type { Configuration, errors as Errors, Grant, KoaContextWithOIDC } from 'oidc-provider'
import { Problem } from '../errors.ts'
import { claimsFor, mappedClaims } from './claim-map.ts'
import { claimsByScope, claimsOf } from './claims.ts'
import { admits, type OidcClient } from './client.ts'
import type { ProviderCall, ProviderDeps } from './provider-deps.ts'
import type { ProviderSessions } from './provider-sessions.ts'

/** What every grant covers: all, as nobody is asked. What a token covers is what its site asked for. */
export const granted = {
  scope: ['offline_access', ...Object.keys(claimsByScope)].join(' '),
  claims: [...new Set([claimsByScope, mappedClaims].flatMap((scopes) => Object.values(scopes).flat()))],
}

export interface AccountParts extends Pick<ProviderDeps, 'clients' | 'countPerson' | 'emailDomain' | 'readSession' | 'sessionSeconds' | 'wechatIds'> {
  readonly errors: typeof Errors
  readonly sessions: Pick<ProviderSessions, 'authorize'>
  readonly callOf: (context: KoaContextWithOIDC) => ProviderCall | undefined
  readonly newGrant: (of: { readonly accountId: string, readonly clientId: string }) => Grant
}

/** Creates the provider's answers to whom a token or a login leads. */
export const createAccounts = ({ clients, countPerson, emailDomain, readSession, sessionSeconds, wechatIds, errors, sessions, callOf, newGrant }: AccountParts): Required<Pick<Configuration, 'findAccount' | 'loadExistingGrant'>> => {
  const clientOf = (context: KoaContextWithOIDC): OidcClient | undefined => clients.find(context.oidc.client?.clientId ?? '')

  /** A used token is kept for as long as a new one, to tell a stolen one: a person at a site of their own could fill the store with them. */
  const countRefresh = async (context: KoaContextWithOIDC, sub: string): Promise<void> => {
    const call = callOf(context)
    if (call !== undefined) {
      await countPerson(sub, call.request.audit).catch((error: unknown) => {
        throw error instanceof Problem && error.code === 'rate-limited' ? Object.assign(new errors.TemporarilyUnavailable('too many refreshes'), { status: 429, statusCode: 429 }) : error
      })
    }
  }

  /** Undefined where a token no longer leads to anybody: its session has ended, or its person may not use this site any more. */
  const findAccount: Configuration['findAccount'] = async (context, sub, token) => {
    const sessionId = token !== undefined && 'sessionUid' in token ? token.sessionUid : undefined
    const session = sessionId === undefined ? callOf(context)?.session : await readSession(sessionId)
    if (session === undefined || session === null || session.sub !== sub) return undefined
    const client = clientOf(context)
    if (client === undefined || (token !== undefined && !admits(client, session.person.groups))) return undefined
    if (token?.kind === 'RefreshToken') await countRefresh(context, sub)
    return {
      accountId: sub,
      claims: async (_use, asked) => {
        const mayHaveIds = client.mayReadWechatIds && asked.split(' ').includes('wechat')
        const own = claimsOf({
          person: session.person,
          loggedInAt: session.createdAt,
          emailDomain,
          wechatIds: mayHaveIds ? await wechatIds.read(sub) ?? null : null,
        })
        return { ...claimsFor(client, own), sub }
      },
    }
  }

  /** The grant of a session for a site. Nobody is asked for consent: the owner has configured the site, and says who may use it. */
  const loadExistingGrant: Configuration['loadExistingGrant'] = async (context) => {
    const session = callOf(context)?.session
    const client = clientOf(context)
    if (session === undefined || session === null || client === undefined) return undefined
    // A login that goes on after an hour was checked when it began: the owner may have taken the address out of the file since. That of a device has none.
    const { route, params } = context.oidc
    if (['authorization', 'resume'].includes(route) && !client.redirectUris.includes(String(params?.['redirect_uri']))) throw new errors.InvalidRedirectUri()
    if (!admits(client, session.person.groups)) throw new errors.AccessDenied('the owner of this site has not let this person in')
    const authorization = await sessions.authorize(session, client.clientId)
    if (authorization === undefined) throw new errors.AccessDenied('the session has ended meanwhile')
    const { sid, grantId } = authorization
    context.oidc.session?.sidFor(client.clientId, sid)
    const grant = newGrant({ accountId: session.sub, clientId: client.clientId })
    Object.assign(grant, { jti: grantId, exp: Math.floor(Date.now() / 1000) + sessionSeconds.max })
    grant.addOIDCScope(granted.scope)
    grant.addOIDCClaims(granted.claims)
    return grant
  }

  return { findAccount, loadExistingGrant }
}
