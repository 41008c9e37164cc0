/** A client as the file has it (snake_case), and what is made of it. */
import { Type, type Static } from 'typebox'
import { Check, Errors } from 'typebox/value'
import { isGroup, maxGroups } from '../domain/person.ts'
import { slipsBetween } from '../domain/slips.ts'
import { isPlainText } from '../domain/text.ts'
import { sourcesOf, type ClaimMap, type ClaimSource, type MappedClaim } from './claim-map.ts'
import { hashClientSecret, type OidcClient } from './client.ts'
import { whyNoAppUrl, whyNoBackchannelUri, whyNoRedirectUri } from './client-uris.ts'
import { appNames, presets, type AppName } from './presets/presets.ts'

const maxUris = 20

const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' })
const Uris = (minItems: number, examples: string) => Type.Array(Type.String(), { minItems, maxItems: maxUris, uniqueItems: true, description: `a list of ${minItems} to ${maxUris} different addresses, like ${examples}` })
const YesOrNo = Type.Boolean({ description: 'true or false' })

/** Each `description` goes on from "must be", in errors and nowhere else. */
const EntrySchema = Type.Object({
  client_id: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$', description: '1 to 64 letters, digits, ".", "_" and "-", the first a letter or a digit' }),
  app: Type.Optional(Type.Enum([...appNames], { description: `one of ${appNames.join(', ')}` })),
  name: Type.Optional(Type.String({ description: '1 to 64 characters, without hidden ones' })),
  url: Type.String({ description: 'the address of the app, like https://git.example.com' }),
  allow: Type.Union([Type.Literal('everybody'), Type.Object({ groups: Type.Array(Type.String(), { minItems: 1, maxItems: maxGroups }) }, { additionalProperties: false })],
    { description: '"everybody", or {"groups": ["staff"]} with the groups whose people may log in' }),
  client_secret_sha256: Type.Optional(Type.Union([Sha256, Type.Array(Sha256, { minItems: 1, maxItems: 2 })], { description: 'the SHA-256 of the secret, 64 hex digits in lower case, or a list of two of them while it is being changed' })),
  client_secret_file: Type.Optional(Type.String({ minLength: 1, description: 'a file with the secret' })),
  public: Type.Optional(YesOrNo),
  redirect_uris: Type.Optional(Uris(1, '["https://git.example.com/callback"]')),
  post_logout_redirect_uris: Type.Optional(Uris(0, '["https://git.example.com/"]')),
  backchannel_logout_uri: Type.Optional(Type.Union([Type.String(), Type.Null()], { description: 'an address, or null for none' })),
  login_url: Type.Optional(Type.String({ description: 'the page of the app where a login begins' })),
  login_seconds: Type.Optional(Type.Integer({ minimum: 30, maximum: 86_400, description: 'a whole number from 30 to 86400' })),
  id_token_signed_response_alg: Type.Optional(Type.Enum(['RS256', 'ES256'], { description: '"RS256" or "ES256"' })),
  require_pkce: Type.Optional(YesOrNo),
  email_verified: Type.Optional(Type.Union([Type.Boolean(), Type.Null()], { description: 'true, false, or null to leave the claim out' })),
  claims: Type.Optional(Type.Record(Type.String(), Type.String(), { description: 'an object like {"name": "preferred_username"}' })),
  wechat_ids: Type.Optional(YesOrNo),
  device_flow: Type.Optional(YesOrNo),
}, { additionalProperties: false })

export type ClientEntry = Static<typeof EntrySchema>

export const memberNames = Object.keys(EntrySchema.properties)

/** TypeBox's types know no `description`, and each member above has one. */
const descriptions = Object.fromEntries(Object.entries<object>(EntrySchema.properties).map(([name, schema]) => [name, 'description' in schema ? schema.description : undefined]))

/** Names an entry in an error. */
export const entryLabel = (entry: unknown, index: number): string => {
  const id = typeof entry === 'object' && entry !== null && 'client_id' in entry ? entry.client_id : undefined
  return typeof id === 'string' && id !== '' ? `client ${JSON.stringify(id.slice(0, 64))}` : `client ${index + 1}`
}

/** Tells what is wrong with an entry by itself: a line for each member, which goes on from the entry's label. Empty for a good one. */
export const faultsOf = (entry: unknown): readonly string[] => {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return ['must be an object with client_id, url and allow']
  const faults = shapeFaults(entry)
  return faults.length > 0 || !Check(EntrySchema, entry) ? faults : contentFaults(entry)
}

const shapeFaults = (entry: object): readonly string[] => {
  const unknown = Object.keys(entry).filter((name) => !memberNames.includes(name)).map(unknownMember)
  const missing = EntrySchema.required.filter((name) => !(name in entry)).map(missingMember)
  const wrong = [...new Set(Errors(EntrySchema, entry).map(({ instancePath }) => instancePath.split('/')[1] ?? ''))]
    .filter((name) => name in entry && memberNames.includes(name))
    .map((name) => `${name} must be ${descriptions[name]}`)
  return [...unknown, ...missing, ...wrong]
}

const unknownMember = (name: string): string => {
  if (name === 'client_secret') return 'client_secret must not stand in this file: put its hash into client_secret_sha256 (printf %s "$SECRET" | sha256sum), or the secret into a file of its own and that into client_secret_file'
  const meant = memberNames.find((member) => slipsBetween(name.toLowerCase(), member) <= 2)
  return `has a member ${JSON.stringify(name.slice(0, 64))} that is not known${meant === undefined ? '' : `: did you mean ${meant}?`}`
}

const missingMember = (name: string): string => name === 'allow'
  ? 'needs allow: who may log in there is never assumed. Say "everybody", or {"groups": ["staff"]}'
  : `needs ${name}`

const contentFaults = (entry: ClientEntry): readonly string[] => {
  const { name, allow } = entry
  const urlFault = whyNoAppUrl(entry.url)
  const faults = [
    ...entry.client_id in Object.prototype ? [`client_id can't be ${JSON.stringify(entry.client_id)}: every object of JavaScript has a member of that name`] : [],
    ...name !== undefined && !(isPlainText(name, 64) && name.trim() !== '') ? ['name must be 1 to 64 characters, without hidden ones'] : [],
    ...urlFault === null ? [] : [`url ${urlFault}`],
    ...allow === 'everybody' ? [] : allow.groups.filter((group) => !isGroup(group)).map((group) => `allow has ${JSON.stringify(group.slice(0, 64))}, which is no name of a group: 1 to 32 of a-z, 0-9 and "-"`),
    ...secretFaults(entry),
    ...['redirect_uris', 'post_logout_redirect_uris'].flatMap((list) => (entry[list as 'redirect_uris'] ?? []).flatMap((uri, i) => fault(`${list}[${i}]`, whyNoRedirectUri(uri)))), // both are lists of texts
    ...fault('backchannel_logout_uri', entry.backchannel_logout_uri == null ? null : whyNoBackchannelUri(entry.backchannel_logout_uri)),
    ...fault('login_url', entry.login_url === undefined ? null : whyNoRedirectUri(entry.login_url)),
    ...claimFaults(entry.claims ?? {}),
  ]
  const { redirectPaths, label } = presets[entry.app ?? 'generic']
  if (entry.redirect_uris === undefined && redirectPaths.length === 0 && entry.device_flow !== true) {
    faults.push(entry.app === undefined || entry.app === 'generic' ? 'needs redirect_uris: where the app gets its answer, as its documents say' : `needs redirect_uris: each ${label} has another, and shows it`)
  }
  return faults
}

const fault = (member: string, why: string | null): readonly string[] => why === null ? [] : [`${member} ${why}`]

const secretFaults = ({ public: isPublic = false, client_secret_sha256: hash, client_secret_file: file, require_pkce: needsPkce }: ClientEntry): readonly string[] => {
  if (isPublic) {
    return [
      ...hash === undefined && file === undefined ? [] : ['is public and has a secret: take out "public" or the secret'],
      ...needsPkce === false ? ['is public, and require_pkce is false: without a secret it must use PKCE'] : [],
    ]
  }
  if (hash === undefined && file === undefined) return ['needs client_secret_sha256 or client_secret_file, or "public": true for an app that can\'t keep a secret']
  return hash === undefined || file === undefined ? [] : ['has client_secret_sha256 and client_secret_file: keep one of them']
}

const claimFaults = (claims: Readonly<Record<string, string>>): readonly string[] => Object.entries(claims).flatMap(([name, source]) => {
  if (!Object.hasOwn(sourcesOf, name)) return [`claims has ${JSON.stringify(name.slice(0, 64))}, which must be one of ${Object.keys(sourcesOf).join(', ')}`]
  const sources = sourcesOf[name as MappedClaim] // one of its keys
  if (sources.includes(source as ClaimSource)) return []
  const why = source === 'name' ? ': anybody types whatever name they like, and would be taken for another' : ''
  return [`claims.${name} must be ${sources.join(' or ')}${why}`]
})

/** Makes the client of an entry without faults; `secret` is what its `client_secret_file` has. What the entry leaves out, the preset of its app says. */
export const clientOf = (entry: ClientEntry, secret: string | null): OidcClient => {
  const app: AppName = entry.app ?? 'generic'
  const preset = presets[app]
  const url = entry.url.replace(/\/$/, '')
  const at = (path: string): string => `${url}${path}`
  const isPublic = entry.public ?? false
  const isDeviceOnly = entry.redirect_uris === undefined && preset.redirectPaths.length === 0
  return Object.freeze({
    clientId: entry.client_id,
    app,
    name: entry.name ?? (app === 'generic' ? new URL(url).host : preset.label),
    url,
    origin: new URL(url).origin,
    loginUrl: entry.login_url ?? at(preset.loginPath ?? '/'),
    isPublic,
    secretHashes: secret === null ? [entry.client_secret_sha256 ?? []].flat() : [hashClientSecret(secret)],
    redirectUris: isDeviceOnly ? [] : entry.redirect_uris ?? preset.redirectPaths.map(at),
    postLogoutRedirectUris: entry.post_logout_redirect_uris ?? preset.postLogoutPaths?.map(at) ?? [],
    backchannelLogoutUri: entry.backchannel_logout_uri === undefined ? (preset.backchannelPath === undefined ? null : at(preset.backchannelPath)) : entry.backchannel_logout_uri,
    idTokenAlg: entry.id_token_signed_response_alg ?? preset.idTokenAlg ?? 'RS256',
    allow: entry.allow,
    isPkceRequired: isPublic || (entry.require_pkce ?? false),
    emailVerified: entry.email_verified === undefined ? preset.emailVerified ?? null : entry.email_verified,
    claims: { ...preset.claims, ...entry.claims as ClaimMap }, // `faultsOf` has checked it
    mayReadWechatIds: entry.wechat_ids ?? false,
    mayUseDeviceFlow: entry.device_flow ?? false,
    loginSeconds: entry.login_seconds ?? preset.loginSeconds ?? null,
  })
}
