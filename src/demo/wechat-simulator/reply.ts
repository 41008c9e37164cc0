/** Owns how an answer of the simulator goes out over HTTP, whole or spoilt. */
import type { FastifyReply } from 'fastify'
import type { Answer, SimulatorSettings } from './endpoints.ts'

/** How a call goes wrong: an errcode, JSON that nobody expects, a page of HTML under 200, no answer at all, half a body, or HTTP 500. */
export type Fault = number | { readonly json: object } | 'html' | 'hang' | 'cut' | 'http-500'

const errorPage = '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>'

/** Sends an answer the way the fault has it, or whole. */
export const sendAnswer = (reply: FastifyReply, honest: Answer, label: SimulatorSettings['label'], fault?: Fault): FastifyReply => {
  const answer = typeof fault === 'object' ? fault : honest
  const [body, honestType] = 'image' in answer
    ? [answer.image, `image/${answer.format}`]
    : [Buffer.from(JSON.stringify(answer.json)), 'application/json; encoding=utf-8']
  if (fault === 'html') return reply.type('text/html').send(errorPage)
  if (fault === 'http-500') return reply.code(500).type('text/html').send(errorPage)
  if (fault === 'hang') return reply.hijack()
  if (fault === 'cut') {
    reply.hijack().raw.writeHead(200, { 'content-type': honestType, 'content-length': body.length })
    reply.raw.write(body.subarray(0, Math.floor(body.length / 2)), () => { reply.raw.destroy() })
    return reply
  }
  return reply.type(label === 'image' ? honestType : label).send(body)
}
