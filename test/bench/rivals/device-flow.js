/**
 * The device flow (RFC 8628) of oidc-provider, in memory: a device shows a code, the phone's browser types it in. The phone is logged in at the provider already,
 * and has granted this client once, so only code and confirmation are left.
 */
import Provider from 'oidc-provider'

const { PORT } = process.env
const issuer = `http://127.0.0.1:${PORT}`
const clientId = 'page'

/** The provider's own memory forgets all but the last thousand entries. */
class Memory {
  static entries = new Map()
  static byGrant = new Map()
  constructor (kind) { this.kind = kind }

  key (id) { return `${this.kind}:${id}` }

  async upsert (id, payload) {
    const key = this.key(id)
    Memory.entries.set(key, payload)
    if (payload.userCode !== undefined) Memory.entries.set(`code:${payload.userCode}`, key)
    if (payload.uid !== undefined) Memory.entries.set(`uid:${payload.uid}`, key)
    if (payload.grantId !== undefined) Memory.byGrant.set(payload.grantId, (Memory.byGrant.get(payload.grantId) ?? new Set()).add(key))
  }

  async find (id) { return Memory.entries.get(this.key(id)) }
  async findByUserCode (code) { return Memory.entries.get(Memory.entries.get(`code:${code}`)) }
  async findByUid (uid) { return Memory.entries.get(Memory.entries.get(`uid:${uid}`)) }
  async consume (id) { Memory.entries.get(this.key(id)).consumed = Math.floor(Date.now() / 1000) }
  async destroy (id) { Memory.entries.delete(this.key(id)) }

  async revokeByGrantId (grantId) {
    for (const key of Memory.byGrant.get(grantId) ?? []) Memory.entries.delete(key)
    Memory.byGrant.delete(grantId)
  }
}

const provider = new Provider(issuer, {
  adapter: Memory,
  clients: [{
    client_id: clientId, token_endpoint_auth_method: 'none', redirect_uris: [], response_types: [], grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
  }],
  cookies: { keys: ['a key for cookies'] },
  features: { deviceFlow: { enabled: true }, devInteractions: { enabled: false } },
  interactions: { url: (ctx, { uid }) => `/interaction/${uid}` },
  findAccount: (ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId })
    grant.addOIDCScope('openid')
    await grant.save()
    return grant
  },
})

let people = 0
provider.use(async (ctx, next) => {
  if (ctx.path === '/health/ready') {
    ctx.body = {}
    return
  }
  if (!ctx.path.startsWith('/interaction/')) return await next()
  ctx.respond = false
  await provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: `person-${people++}` } })
})
provider.listen(Number(PORT), '127.0.0.1')
