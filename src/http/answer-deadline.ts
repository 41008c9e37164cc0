/** Upper bound for every call, so that a client gets an answer within 6 s. The store and WeChat have shorter deadlines of their own. Also tells a call that its client has left. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { Deadline } from '../deadline.ts'
import { Problem } from '../errors.ts'
import type { LeaveSignal } from '../login/waiting-room.ts'
import { timerQueueOf, type Timer, type TimerQueue } from '../timer-queue.ts'
import { sendProblem } from './problems.ts'

const answerWithinMs = 5_000

/**
 * Answers in place of a handler that has not finished in time. Fastify's own `handlerTimeout` would count a stall of this process as slowness of the store or
 * of WeChat, and refuse calls whose answers have arrived.
 */
export const answerDeadlinePlugin = fp<{ timer: Timer }>(async (app, { timer }) => {
  const queue = timerQueueOf(timer)
  app.decorateRequest('leaveSignal')
  app.addHook('onRequest', (request, reply, done) => {
    const deadline = new AnswerDeadline(queue, reply)
    deadline.start(answerMsOf(request))
    reply.raw.on('close', deadline.onClosed.bind(deadline)) // takes half of a closure with its context
    request.leaveSignal = deadline
    done()
  })
}, { name: 'answer-deadline' })

const answerMsOf = ({ routeOptions }: FastifyRequest): number => routeOptions.config.answerWithinMs ?? answerWithinMs

/** The signal as well: a third listener of the response's end takes 200 bytes of each held poll, and an AbortSignal 600. */
class AnswerDeadline extends Deadline implements LeaveSignal {
  readonly reply: FastifyReply
  #onLeave: (() => void) | undefined = undefined

  constructor (queue: TimerQueue, reply: FastifyReply) {
    super(queue)
    this.reply = reply
  }

  get aborted (): boolean {
    const { raw } = this.reply
    return raw.destroyed && !raw.writableFinished
  }

  addEventListener (_type: 'abort', call: () => void): void {
    this.#onLeave = call
  }

  removeEventListener (): void {
    this.#onLeave = undefined
  }

  /** The answer is sent, or its connection has ended. */
  onClosed (): void {
    this.cancel()
    this.#onLeave?.()
  }

  onMissed (): void {
    const { reply, reply: { request } } = this
    if (reply.sent || reply.raw.headersSent) return
    // Not thrown as an error: Fastify answers a second error of one request itself, and the first may be with the error handler, waiting for the limits.
    sendProblem(request.raw.complete === false ? lateBody() : lateAnswer(answerMsOf(request)), request, reply)
    reply.raw.once('close', () => { reply.hijack() }) // the handler's late result is neither sent nor logged
  }
}

/** The store or WeChat is slow: the client may retry. */
const lateAnswer = (ms: number): Problem => new Problem('store-unavailable', { cause: new Error(`the handler did not answer within ${ms} ms`) })

/** The body has not arrived yet: the client is slow, not the service. */
const lateBody = (): Problem => new Problem('bad-request', { status: 408, detail: 'The body did not arrive in time' })

declare module 'fastify' {
  interface FastifyRequest {
    /** Aborts when the connection closes before the answer is sent. It has one listener at a time. */
    leaveSignal: LeaveSignal
  }
  interface FastifyContextConfig {
    /** How long the answer of this route may take; 5 s by default. */
    answerWithinMs?: number
  }
}
