/** Options of @fastify/swagger, which describes the API from the routes' schemas. */
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'

export interface ApiDescription {
  readonly publicUrl: string
  readonly cookieName: string
}

export const openApiOptions = ({ publicUrl, cookieName }: ApiDescription): FastifyDynamicSwaggerOptions => ({
  openapi: {
    openapi: '3.1.0',
    info: { title: 'scan-login', description: 'Scan with WeChat to log in', version: '1' },
    servers: [{ url: publicUrl }],
    components: { securitySchemes: securitySchemes(cookieName) },
  },
  transformObject: (document) => {
    if (!('openapiObject' in document)) return document.swaggerObject
    for (const [path, item = {}] of Object.entries(document.openapiObject.paths ?? {})) {
      for (const operation of [item.post, item.put]) makeBodyOptional(operation?.requestBody)
      for (const method of ['get', 'post', 'put', 'delete'] as const) {
        const schemes = schemesFor(method, path)
        if (item[method] !== undefined && schemes.length > 0) Object.assign(item[method], { security: schemes.map((name) => ({ [name]: [] })) }) // any one of them
      }
    }
    return document.openapiObject
  },
})

const securitySchemes = (cookieName: string) => ({
  ticketSecret: { type: 'http', scheme: 'Ticket', description: 'The secret of the ticket, in `Authorization: Ticket <secret>`' },
  ticketSecretHeader: { type: 'apiKey', in: 'header', name: 'X-Ticket-Secret', description: 'The same where something on the way needs `Authorization` for itself. Add a random query parameter to each poll' },
  sessionCookie: { type: 'apiKey', in: 'cookie', name: cookieName, description: 'Set by consume. POST and DELETE need an `Origin` or `Sec-Fetch-Site` that says same origin, or same site where COOKIE_DOMAIN is set' },
  accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'An access token whose session lives' },
  phoneSignature: {
    type: 'apiKey',
    in: 'header',
    name: 'Signature',
    description: 'HTTP Message Signature (RFC 9421, hmac-sha256) with the key of `/api/phone/login`, label `sig1`, over "@method" "@authority" "@path" "@query" "content-digest", with ' +
      '`created`, `nonce`, `keyid`, `alg` and `tag="scan-login"`. `Signature-Input` and `Content-Digest` (RFC 9530, sha-256) are needed, too',
  },
} as const)

/** What a call may be authorised by. */
const schemesFor = (method: string, path: string): ReadonlyArray<keyof ReturnType<typeof securitySchemes>> => {
  if (/^\/api\/tickets\/\{ticket\}(?:\/consume)?$/.test(path)) return ['ticketSecret', 'ticketSecretHeader']
  if (path.startsWith('/api/session') || path === '/api/forward-auth') return method === 'delete' ? ['sessionCookie'] : ['sessionCookie', 'accessToken']
  return path.startsWith('/api/phone/') && path !== '/api/phone/login' ? ['phoneSignature'] : []
}

/** The plugin marks every body as required; a body without a required member may be left out. */
const makeBodyOptional = (body: object | undefined): void => {
  if (body === undefined || !('content' in body)) return
  const { content } = body as { content: Record<string, { schema?: { required?: readonly string[] } }> } // as the plugin builds it
  if (Object.values(content).every(({ schema }) => schema?.required === undefined)) Object.assign(body, { required: false })
}
