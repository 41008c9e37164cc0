/** A real receiver of the webhook on this machine, which verifies with the library of standardwebhooks.com and answers as a test says. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import { listen } from './listen.ts'
import type { TeardownScope } from './teardown-scope.ts'

export const webhookSecret = 'whsec_c2Nhbi1sb2dpbi10ZXN0cy1vbmx5LTMyLWJ5dGVz'

export interface Message {
  readonly id: string
  readonly type: string
  readonly timestamp: string
  readonly data: { readonly event: string, readonly sub?: string, readonly ticket?: string, readonly sid?: string, readonly n?: number }
}

export type ReceiverAnswer = number | 'hang' | 'reset' | ((response: ServerResponse) => void)

type AnswerOf = (message: Message) => ReceiverAnswer | Promise<ReceiverAnswer>

export interface WebhookReceiver {
  readonly url: string
  /** Every try whose signature holds, in the order of arrival. */
  readonly tries: Message[]
  /** What was answered with 2xx, without repetitions. */
  readonly taken: Message[]
  /** Why a signature didn't hold. */
  readonly unverified: string[]
  /** Of the tries. */
  readonly timestamps: number[]
  readonly paths: Set<string>
  /** Calls that are not answered yet. */
  readonly open: number
  /** The most of them at a time. */
  readonly mostOpen: number
  answerWith (answer: AnswerOf): void
}

/** Takes calls as `createServer` of node:http or https does. With a clock it checks timestamps by that. */
export const createReceiver = (clock?: { now (): number }) => {
  const webhook = new Webhook(webhookSecret)
  const seen = new Set<string>()
  const timestamps: number[] = []
  let answerOf: AnswerOf = () => 204
  let open = 0
  let mostOpen = 0
  const received = {
    tries: [] as Message[],
    taken: [] as Message[],
    unverified: [] as string[],
    timestamps,
    paths: new Set<string>(),
    get open () { return open },
    get mostOpen () { return mostOpen },
    answerWith: (answer: AnswerOf) => { answerOf = answer },
  }

  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    mostOpen = Math.max(mostOpen, ++open)
    response.once('close', () => { open-- })
    const body = await text(request)
    received.paths.add(`${request.method} ${request.url}`)
    let message: Message
    try {
      const { 'webhook-id': id, 'webhook-timestamp': timestamp } = request.headers
      const now = Date.now
      try {
        if (clock !== undefined) Date.now = () => clock.now() // the library refuses what was signed more than five minutes ago, by this
        message = { id: String(id), ...webhook.verify(body, request.headers as Record<string, string>) as Omit<Message, 'id'> }
        timestamps.push(Number(timestamp))
      } finally {
        Date.now = now
      }
    } catch (error) {
      received.unverified.push(String(error))
      response.writeHead(400).end()
      return
    }
    received.tries.push(message)
    const answer = await answerOf(message)
    if (answer === 'hang') return
    if (answer === 'reset') {
      request.socket.resetAndDestroy()
      return
    }
    if (typeof answer === 'function') {
      answer(response)
      return
    }
    if (answer >= 200 && answer < 300 && !seen.has(message.id)) {
      seen.add(message.id)
      received.taken.push(message)
    }
    response.writeHead(answer).end()
  }
  return { received, onRequest: (request: IncomingMessage, response: ServerResponse) => { receive(request, response).catch(() => {}) } } // a call that was given up
}

export const startReceiver = async (t: TeardownScope, clock?: { now (): number }): Promise<WebhookReceiver> => {
  const { received, onRequest } = createReceiver(clock)
  const origin = await listen(t, createServer(onRequest))
  return Object.assign(received, { url: `${origin}/hook/?token=x` })
}

/** The numbers or events of each person's messages, in order, by sub. */
export const byPerson = (messages: readonly Message[]): Readonly<Record<string, unknown[]>> => {
  const found: Record<string, unknown[]> = {}
  for (const { data } of messages) (found[data.sub ?? ''] ??= []).push(data.n ?? data.event)
  return found
}
