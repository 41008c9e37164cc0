import { createHash } from 'node:crypto'
import t from 'tap'
import { claimsFor, mappedClaims, sourcesOf } from '../../../src/oidc/claim-map.ts'
import { admits, hashClientSecret, secretMatches } from '../../../src/oidc/client.ts'

await t.test('client: admits people by their groups, and everybody only where that is said', async (t) => {
  t.equal(admits({ allow: 'everybody' }, []), true)
  t.equal(admits({ allow: { groups: ['staff', 'family'] } }, ['family']), true)
  t.equal(admits({ allow: { groups: ['staff'] } }, ['staf', 'staff2']), false)
  t.equal(admits({ allow: { groups: ['staff'] } }, []), false)
})

await t.test('client: a secret matches by its hash alone, also the second of two, and nothing matches for a public client', async (t) => {
  const [one, two] = ['a-secret-of-thirty-two-characters', 'another-secret-of-many-characters']
  t.equal(hashClientSecret(one), createHash('sha256').update(one).digest('hex'))
  const client = { secretHashes: [hashClientSecret(one), hashClientSecret(two)] }
  for (const secret of [one, two]) t.equal(secretMatches(client, secret), true)
  for (const wrong of ['', `${one}x`, hashClientSecret(one), one.toUpperCase(), `${one}\n`]) t.equal(secretMatches(client, wrong), false, wrong)
  for (const anything of ['', one]) t.equal(secretMatches({ secretHashes: [] }, anything), false)
})

const own = { sub: 'subject', preferred_username: 'wx-aaaaaaaaaaaaaaaa', name: '张三', email: 'wx-aaaaaaaaaaaaaaaa@example.invalid', groups: ['staff'] }

await t.test('H2 H5 client: claims are as its entry maps them, and email_verified is there only where the entry says so', async (t) => {
  t.strictSame(claimsFor({ claims: {}, emailVerified: null }, own), own)
  t.strictSame(claimsFor({ claims: { name: 'preferred_username', roles: 'groups', displayName: 'name' }, emailVerified: false }, own), { ...own, name: own.preferred_username, roles: own.groups, displayName: own.name, email_verified: false })
  t.strictSame(claimsFor({ claims: { roles: 'groups', login: 'email' }, emailVerified: true }, { sub: 'subject' }), { sub: 'subject' }, 'nothing is made of claims that were not asked for')
})

await t.test('H5 client: no claim that an app may take for an account can be the name that a person has typed', async (t) => {
  t.strictSame(Object.keys(sourcesOf).sort(), Object.values(mappedClaims).flat().sort())
  const typed = Object.entries(sourcesOf).filter(([, sources]) => sources.includes('name')).map(([claim]) => claim)
  t.strictSame(typed, ['display_name', 'displayName'])
})
