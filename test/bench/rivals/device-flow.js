/**
 * The device flow (RFC 8628) of oidc-provider, in memory: a device shows a code, the phone's browser types it in. The phone is logged in at the provider already,
 * and has granted this client once, so only code and confirmation are left.
 */
import Provider from 'oidc-provider'

const { PORT } = process.env
const issuer = `http://127.0.0.1:${PORT}`
const clientId = 'page'

const provider = new Provider(issuer, {
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
