/** Owns what the four endpoints of the simulator take and give. Knows nothing of HTTP beyond query and body. */
import type { Clock } from '../../login/ports.ts'
import { drawCode, type ImageFormat } from './code-image.ts'
import { readCodeRequest } from './code-request.ts'
import { WechatRefusal } from './errors.ts'
import type { People } from './people.ts'
import type { Tokens } from './tokens.ts'

export type Endpoint = 'token' | 'stable_token' | 'getwxacodeunlimit' | 'jscode2session'

export interface SimulatorSettings {
  imageFormat: ImageFormat
  /** What the answers call themselves: WeChat's label can't be relied on. */
  label: 'image' | 'text/plain'
  /** The pages of the published version; none while nothing is published. */
  pages: readonly string[]
  codesPerMinute: number
}

export type Answer = { readonly json: object } | { readonly image: Buffer, readonly format: ImageFormat }

export interface EndpointRules {
  readonly path: string
  readonly method: 'GET' | 'POST'
  /** Throws a `WechatRefusal`. */
  answer (query: Readonly<Record<string, string>>, body: string): Answer
}

export interface EndpointsOptions {
  readonly appid: string
  readonly secret: string
  readonly settings: SimulatorSettings
  readonly tokens: Tokens
  readonly people: People
  readonly clock: Pick<Clock, 'now'>
}

export const createEndpoints = ({ appid, secret, settings, tokens, people, clock }: EndpointsOptions): Record<Endpoint, EndpointRules> => {
  let minute = { number: 0, codes: 0 }

  const countCode = (): void => {
    const number = Math.floor(clock.now() / 60_000)
    minute = { number, codes: number === minute.number ? minute.codes + 1 : 1 }
    if (minute.codes > settings.codesPerMinute) throw new WechatRefusal(45009)
  }

  const checkApp = (input: Readonly<Record<string, unknown>>, grantType: string): void => {
    if (input.grant_type !== grantType) throw new WechatRefusal(40002)
    if (input.appid === undefined || input.appid === '') throw new WechatRefusal(41002)
    if (input.appid !== appid) throw new WechatRefusal(40013)
    if (input.secret === undefined || input.secret === '') throw new WechatRefusal(41004)
    if (input.secret !== secret) throw new WechatRefusal(40125)
  }

  return {
    token: {
      path: '/cgi-bin/token',
      method: 'GET',
      answer: (query) => {
        checkApp(query, 'client_credential')
        return { json: tokens.legacy() }
      },
    },
    stable_token: {
      path: '/cgi-bin/stable_token',
      method: 'POST',
      answer: (_query, text) => {
        const body = parseObject(text)
        const force = body.force_refresh ?? false
        if (typeof force !== 'boolean') throw new WechatRefusal(47001)
        checkApp(body, 'client_credential')
        return { json: tokens.stable(force) }
      },
    },
    getwxacodeunlimit: {
      path: '/wxa/getwxacodeunlimit',
      method: 'POST',
      answer: (query, text) => {
        tokens.check(query.access_token)
        const { scene, page, width } = readCodeRequest(parseObject(text), settings.pages)
        countCode()
        return { image: drawCode(`${page}?scene=${scene}`, width, settings.imageFormat), format: settings.imageFormat }
      },
    },
    jscode2session: {
      path: '/sns/jscode2session',
      method: 'GET',
      answer: (query) => {
        checkApp(query, 'authorization_code')
        if (query.js_code === undefined || query.js_code === '') throw new WechatRefusal(41008)
        return { json: people.redeem(query.js_code) }
      },
    },
  }
}

const parseObject = (text: string): Record<string, unknown> => {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    throw new WechatRefusal(47001)
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new WechatRefusal(47001)
  return body as Record<string, unknown>
}
