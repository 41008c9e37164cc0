/** Claims under other names than ours: apps differ in which claim they take for an account's name. */

/** The claims of ours that another name may stand for. */
export type ClaimSource = 'sub' | 'preferred_username' | 'name' | 'email' | 'groups'

/** The names that a client's entry may give to claims, by the scope with which they are sent. Discovery lists them. */
export const mappedClaims = {
  profile: ['name', 'nickname', 'username', 'login', 'display_name', 'displayName'],
  groups: ['roles', 'policy'],
} as const

export type MappedClaim = typeof mappedClaims[keyof typeof mappedClaims][number]

export type ClaimMap = Readonly<Partial<Record<MappedClaim, ClaimSource>>>

/** A name that apps take for an account is never the name that a person has typed: whoever types another's would become them. */
const account: readonly ClaimSource[] = ['preferred_username', 'sub', 'email']
const display: readonly ClaimSource[] = ['name', ...account]

export const sourcesOf: Readonly<Record<MappedClaim, readonly ClaimSource[]>> = {
  name: account,
  nickname: account,
  username: account,
  login: account,
  display_name: display,
  displayName: display,
  roles: ['groups'],
  policy: ['groups'],
}

/** Adds to our claims what a client's entry says about them. A claim whose source is missing is left out. */
export const claimsFor = (
  { claims, emailVerified }: { readonly claims: ClaimMap, readonly emailVerified: boolean | null },
  own: Readonly<Record<string, unknown>>,
): Record<string, unknown> => {
  const mapped = Object.entries(claims).flatMap(([name, source]) => own[source] === undefined ? [] : [[name, own[source]]])
  return { ...own, ...emailVerified !== null && own.email !== undefined && { email_verified: emailVerified }, ...Object.fromEntries(mapped) }
}
