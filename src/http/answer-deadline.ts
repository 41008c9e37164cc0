/** Upper bound for every call, so that a client gets an answer within 6 s. The store and WeChat have shorter deadlines of their own. */
import type { FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import { afterDeadline, type Timer } from '../deadline.ts'
import { Problem } from '../errors.ts'
import { sendProblem } from './problems.ts'

const answerWithinMs = 5_000

/**
 * Answers in place of a handler that has not come to its end in time. Fastify's own `handlerTimeout` would count a stall of this process against what is
 * behind us, and refuse calls whose answers are there.
 */
export const answerDeadlinePlugin = fp<{ timer: Timer }>(async (app, { timer }) => {
  app.addHook('onRequest', (request, reply, done) => {
    const ms = request.routeOptions.config.answerWithinMs ?? answerWithinMs
    const cancel = afterDeadline(timer, ms, () => {
      if (reply.sent || reply.raw.headersSent) return
      // Not as an error: where the handler has failed and that is still being counted, the error handler has had its turn, and Fastify would answer itself.
      sendProblem(request.raw.complete === false ? lateBody(reply) : lateAnswer(ms), request, reply)
      reply.raw.once('close', () => { reply.hijack() }) // what the handler comes to afterwards is heard by nobody, and is no line of log
    })
    reply.raw.once('close', cancel)
    done()
  })
}, { name: 'answer-deadline' })

/** Something behind us is slow, and asking again is right. */
const lateAnswer = (ms: number): Problem => new Problem('store-unavailable', { cause: new Error(`the handler did not answer within ${ms} ms`) })

/** The request has not come in yet: the client is slow, and nothing behind us. */
const lateBody = (reply: FastifyReply): Problem => {
  reply.header('connection', 'close') // what is still to come is not read
  return new Problem('bad-request', { status: 408, detail: 'The body did not come in time' })
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** How long an answer may take where that is not as long as everywhere. Milliseconds. */
    answerWithinMs?: number
  }
}
