/** What sites are told of a person. Nothing in it is an identity but `sub` and `preferred_username`: people choose their name themselves. */
import { emailOf, handleOf, type Person } from '../domain/person.ts'
import type { WechatIds } from '../domain/wechat-ids.ts'

/** The claims by the scope that they come with; those of `openid` always come. */
export const claimsByScope = {
  openid: ['sub', 'auth_time', 'amr'],
  profile: ['name', 'preferred_username'],
  email: ['email', 'email_verified'],
  groups: ['groups'],
  wechat: ['openid', 'unionid'],
} as const

export interface ClaimSources {
  readonly person: Pick<Person, 'sub' | 'name' | 'groups'>
  /** When the session began. Milliseconds since 1970. */
  readonly loggedInAt: number
  /** OIDC_EMAIL_DOMAIN */
  readonly emailDomain: string
  /** Null where the site may not have them, or there are none. */
  readonly wechatIds: WechatIds | null
}

/** Returns a person's claims. `name` and `email` are never empty: many sites refuse a login without them. */
export const claimsOf = ({ person: { sub, name, groups }, loggedInAt, emailDomain, wechatIds }: ClaimSources): Record<string, unknown> & { readonly sub: string } => {
  const handle = handleOf(sub)
  return {
    sub,
    preferred_username: handle,
    name: name ?? `微信用户 ${handle.slice(-4).toUpperCase()}`,
    email: emailOf(sub, emailDomain),
    groups: [...groups],
    auth_time: Math.floor(loggedInAt / 1000),
    amr: ['wechat'],
    ...(wechatIds !== null && { openid: wechatIds.openid, ...(wechatIds.unionid !== null && { unionid: wechatIds.unionid }) }),
  }
}
