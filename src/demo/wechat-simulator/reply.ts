/** Answers over HTTP, intact or with an injected fault. */
import type { FastifyReply } from 'fastify'
import type { Answer, SimulatorSettings } from './endpoints.ts'

/** An injected fault: an errcode, unexpected JSON, an HTML page with HTTP 200, no answer at all, half a body, or HTTP 500. */
export type Fault = number | { readonly json: object } | 'html' | 'hang' | 'cut' | 'http-500'

const errorPage = '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>'

/** Sends an answer, with the fault if there is one. */
export const sendAnswer = (reply: FastifyReply, intact: Answer, label: SimulatorSettings['label'], fault?: Fault): FastifyReply => {
  const answer = typeof fault === 'object' ? fault : intact
  const [body, actualType] = 'image' in answer
    ? [answer.image, `image/${answer.format}`]
    : [Buffer.from(JSON.stringify(answer.json)), 'application/json; encoding=utf-8']
  if (fault === 'html') return reply.type('text/html').send(errorPage)
  if (fault === 'http-500') return reply.code(500).type('text/html').send(errorPage)
  if (fault === 'hang') return reply.hijack()
  if (fault === 'cut') {
    reply.hijack().raw.writeHead(200, { 'content-type': actualType, 'content-length': body.length })
    reply.raw.write(body.subarray(0, Math.floor(body.length / 2)), () => { reply.raw.destroy() })
    return reply
  }
  return reply.type(label === 'image' ? actualType : label).send(body)
}
