/** Options of @fastify/swagger, which describes the API from the routes' schemas. */
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'

export const openApiOptions = (publicUrl: string): FastifyDynamicSwaggerOptions => ({
  openapi: {
    openapi: '3.1.0',
    info: { title: 'scan-login', description: 'Scan with WeChat to log in', version: '1' },
    servers: [{ url: publicUrl }],
  },
  transformObject: (document) => {
    if (!('openapiObject' in document)) return document.swaggerObject
    for (const path of Object.values(document.openapiObject.paths ?? {})) {
      for (const operation of [path?.post, path?.put]) makeBodyOptional(operation?.requestBody)
    }
    return document.openapiObject
  },
})

/** The plugin marks every body as required; a body without a required member may be left out. */
const makeBodyOptional = (body: object | undefined): void => {
  if (body === undefined || !('content' in body)) return
  const { content } = body as { content: Record<string, { schema?: { required?: readonly string[] } }> } // as the plugin builds it
  if (Object.values(content).every(({ schema }) => schema?.required === undefined)) Object.assign(body, { required: false })
}
