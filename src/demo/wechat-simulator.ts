/** A simulator of WeChat's API: an HTTP server on this machine, as strict as the original, with injectable faults. Never part of production. */
import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import type { Clock } from '../login/ports.ts'
import { appid } from './wechat-simulator/appid.ts'
import { createEndpoints, type Answer, type Endpoint, type SimulatorSettings } from './wechat-simulator/endpoints.ts'
import { ErrcodeError } from './wechat-simulator/errors.ts'
import { createLinks } from './wechat-simulator/links.ts'
import { createPeople } from './wechat-simulator/people.ts'
import { sendAnswer, type Fault } from './wechat-simulator/reply.ts'
import { createTokens } from './wechat-simulator/tokens.ts'

export type { Endpoint, Fault, SimulatorSettings }

export interface SimulatorCall {
  readonly endpoint: Endpoint
  readonly query: Readonly<Record<string, string>>
  /** The raw text. */
  readonly body: string
}

export interface WechatSimulator {
  readonly url: string
  readonly appid: string
  readonly secret: string
  /** Makes a new js_code for a person. Any name is a person. */
  jsCode (person: string): string
  openidOf (person: string): string
  unionidOf (person: string): string
  /**
   * Injects a fault into the next `times` calls of an endpoint (default: until cleared). A fault other than an errcode spoils the answer of
   * a call that has taken effect: a js_code is used up all the same.
   */
  fail (endpoint: Endpoint, fault: Fault, times?: number): void
  clearFaults (): void
  /** Revokes the current stable token, as another client's forced refresh does. With `still-returned` the API keeps returning the revoked one. */
  revokeToken (how?: 'replaced' | 'still-returned'): void
  /** The last thousand calls, oldest first. */
  readonly calls: readonly SimulatorCall[]
  /** The number of calls to an endpoint, not limited to those in `calls`. */
  countOf (endpoint: Endpoint): number
  /** Holds the answers of an endpoint until the returned function is called. */
  hold (endpoint: Endpoint): () => void
  /** Can be changed at any time. */
  readonly settings: SimulatorSettings
  close (): Promise<void>
}

export interface WechatSimulatorOptions {
  readonly clock?: Pick<Clock, 'now'>
  /** A random free port when left out. */
  readonly port?: number
}

const maxCalls = 1000

/** Starts a simulator on 127.0.0.1 with one mini program and a random AppSecret. */
export const startWechatSimulator = async ({ clock = { now: Date.now }, port = 0 }: WechatSimulatorOptions = {}): Promise<WechatSimulator> => {
  const secret = randomBytes(16).toString('hex')
  const settings: SimulatorSettings = {
    imageFormat: 'jpeg',
    label: 'image',
    pages: ['pages/index/index', 'pages/login/login'],
    codesPerMinute: 5000,
    picture: null,
    owner: 'organisation',
    hasUnionids: false,
    linksPerSecond: 100,
    linksPerDay: 500_000,
  }
  const tokens = createTokens(clock)
  const people = createPeople(clock, appid)
  const links = createLinks(clock)
  const origin = (): string => `http://127.0.0.1:${(server.server.address() as AddressInfo).port}` // an object for a TCP server
  const endpoints = createEndpoints({ appid, secret, settings, tokens, people, links, origin, clock })
  const faults = new Map<Endpoint, { readonly fault: Fault, left: number }>()
  const calls: SimulatorCall[] = []
  const counts = new Map<Endpoint, number>()
  const held = new Map<Endpoint, Promise<void>>()

  const nextFault = (endpoint: Endpoint): Fault | undefined => {
    const entry = faults.get(endpoint)
    if (entry !== undefined && --entry.left <= 0) faults.delete(endpoint)
    return entry?.fault
  }

  const server = Fastify({ forceCloseConnections: true })
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => { done(null, body) })
  server.setNotFoundHandler((_request, reply) => reply.code(200).send(new ErrcodeError(40066).toJSON()))
  for (const [name, { path, method, answer }] of Object.entries(endpoints)) {
    const endpoint = name as Endpoint // the keys of a Record<Endpoint, …>
    server.all<{ Querystring: Record<string, string> }>(path, async (request, reply) => {
      const body = typeof request.body === 'string' ? request.body : ''
      calls.push({ endpoint, query: { ...request.query }, body })
      if (calls.length > maxCalls) calls.shift()
      counts.set(endpoint, (counts.get(endpoint) ?? 0) + 1)
      await held.get(endpoint)
      const fault = nextFault(endpoint)
      return sendAnswer(reply, answerOrErrcode(() => {
        if (request.method !== method) throw new ErrcodeError(method === 'POST' ? 43002 : 43001)
        if (typeof fault === 'number') throw new ErrcodeError(fault)
        return answer(request.query, body)
      }), settings.label, fault)
    })
  }
  server.get<{ Params: { id: string } }>('/link/:id', (request, reply) => {
    const page = links.pageOf(request.params.id)
    return reply.code(page === undefined ? 404 : 200).type('text/plain; charset=utf-8').send(page ?? 'This link is unknown or has expired\n')
  })
  await server.listen({ host: '127.0.0.1', port })

  return {
    url: origin(),
    appid,
    secret,
    jsCode: people.jsCode,
    openidOf: people.openidOf,
    unionidOf: people.unionidOf,
    fail: (endpoint, fault, times = Infinity) => { faults.set(endpoint, { fault, left: times }) },
    clearFaults: () => { faults.clear() },
    revokeToken: (how = 'replaced') => { tokens.revoke(how) },
    calls,
    countOf: (endpoint) => counts.get(endpoint) ?? 0,
    hold: (endpoint) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      held.set(endpoint, promise)
      return () => {
        held.delete(endpoint)
        resolve()
      }
    },
    settings,
    close: () => server.close(),
  }
}

const answerOrErrcode = (answer: () => Answer): Answer => {
  try {
    return answer()
  } catch (error) {
    if (error instanceof ErrcodeError) return { json: error.toJSON() }
    throw error
  }
}
