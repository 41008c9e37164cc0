/** The five endpoints of the simulator, as functions of query and body. */
import type { Clock } from '../../login/ports.ts'
import { parseObject } from './body.ts'
import { drawCode, type ImageFormat } from './code-image.ts'
import { readCodeRequest } from './code-request.ts'
import { ErrcodeError } from './errors.ts'
import { readLinkRequest } from './link-request.ts'
import type { Links } from './links.ts'
import type { People } from './people.ts'
import { createQuota } from './quota.ts'
import type { Tokens } from './tokens.ts'

export type Endpoint = 'token' | 'stable_token' | 'getwxacodeunlimit' | 'generate_urllink' | 'jscode2session'

export interface SimulatorSettings {
  imageFormat: ImageFormat
  /** Content-Type of code pictures: WeChat's own is unreliable. */
  label: 'image' | 'text/plain'
  /** Pages of the published version; empty if nothing is published. */
  pages: readonly string[]
  codesPerMinute: number
  /** Sent instead of a drawn picture, which saves the time to draw. */
  picture: Buffer | null
  /** Kind of account: individuals can't make URL Links. */
  owner: 'organisation' | 'individual'
  /** Whether the mini program is bound to an account of the Open Platform, so that a person has a unionid. */
  hasUnionids: boolean
  linksPerSecond: number
  linksPerDay: number
}

export type Answer = { readonly json: object } | { readonly image: Buffer, readonly format: ImageFormat }

export interface EndpointRules {
  readonly path: string
  readonly method: 'GET' | 'POST'
  /** Throws an `ErrcodeError`. */
  answer (query: Readonly<Record<string, string>>, body: string): Answer
}

export interface EndpointsOptions {
  readonly appid: string
  readonly secret: string
  readonly settings: SimulatorSettings
  readonly tokens: Tokens
  readonly people: People
  readonly links: Links
  /** The simulator's own origin, known once it listens: URL Links lead there. */
  readonly origin: () => string
  readonly clock: Pick<Clock, 'now'>
}

export const createEndpoints = (options: EndpointsOptions): Record<Endpoint, EndpointRules> => {
  const { appid, secret, settings, tokens, people, links, origin, clock } = options
  const countCode = createQuota(clock, 60_000, () => settings.codesPerMinute, 45009)
  const countLinkOfSecond = createQuota(clock, 1000, () => settings.linksPerSecond, 44990)
  const countLinkOfDay = createQuota(clock, 86_400_000, () => settings.linksPerDay, 44993)

  const checkApp = (input: Readonly<Record<string, unknown>>, grantType: string): void => {
    if (input.grant_type !== grantType) throw new ErrcodeError(40002)
    if (input.appid === undefined || input.appid === '') throw new ErrcodeError(41002)
    if (input.appid !== appid) throw new ErrcodeError(40013)
    if (input.secret === undefined || input.secret === '') throw new ErrcodeError(41004)
    if (input.secret !== secret) throw new ErrcodeError(40125)
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
        if (typeof force !== 'boolean') throw new ErrcodeError(47001)
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
        if (settings.picture !== null) return { image: settings.picture, format: settings.imageFormat }
        return { image: drawCode(`${page}?scene=${scene}`, width, settings.imageFormat), format: settings.imageFormat }
      },
    },
    generate_urllink: {
      path: '/wxa/generate_urllink',
      method: 'POST',
      answer: (query, text) => {
        tokens.check(query.access_token)
        if (settings.owner === 'individual') throw new ErrcodeError(40002)
        const link = readLinkRequest(parseObject(text), settings.pages, clock.now())
        countLinkOfSecond()
        countLinkOfDay()
        return { json: { errcode: 0, errmsg: 'ok', url_link: `${origin()}/link/${links.add(link)}` } }
      },
    },
    jscode2session: {
      path: '/sns/jscode2session',
      method: 'GET',
      answer: (query) => {
        checkApp(query, 'authorization_code')
        if (query.js_code === undefined || query.js_code === '') throw new ErrcodeError(41008)
        return { json: people.redeem(query.js_code, settings.hasUnionids) }
      },
    },
  }
}
