/** What a visitor asked a proxy for, as the proxy describes it when it asks whether they are logged in. */
import type { FastifyRequest } from 'fastify'
import { networkMatcher, plainAddress } from '../domain/address.ts'
import { timesSent } from './raw-headers.ts'

export interface OriginalRequest {
  readonly method: string
  /** Of our sites; null where it is none of them, or isn't known. */
  readonly origin: string | null
  /** Path and query, as ASCII; null where they aren't known. */
  readonly target: string | null
}

export interface OriginalRequestOptions {
  /** The networks of the proxies that may say so. */
  readonly proxies: readonly string[]
  /** Those of our sites, the service's own first. */
  readonly origins: readonly [string, ...string[]]
}

/** `proxy`: `nginx` sets `X-Original-URL` and `-Method` itself, and passes on what a visitor sends as `X-Forwarded-*`; the others do the reverse. */
export type ReadOriginalRequest = (request: FastifyRequest, proxy?: 'nginx') => OriginalRequest

/** Creates the reader. Of a header that was sent twice, one may be the visitor's own: it counts as none. */
export const createOriginalRequests = ({ proxies, origins }: OriginalRequestOptions): ReadOriginalRequest => {
  const isTrusted = networkMatcher(proxies)
  const ownScheme = origins[0].replace(/:.*/, '')

  /** A proxy may append to a list what it sees itself, behind what the visitor or another proxy has sent. */
  const originOf = (scheme: string, hosts: string): string | null =>
    hosts.split(',').map((host) => canonicalOrigin(scheme, host.trim())).findLast((origin) => origin !== null && origins.includes(origin)) ?? null

  return (request, proxy) => {
    const peer = plainAddress(request.socket.remoteAddress ?? '')
    if (peer === '' || !isTrusted(peer)) return { method: request.method, origin: null, target: null }
    const valueOf = (name: string): string | undefined => timesSent(request.raw, name) === 1 ? String(request.headers[name]) : undefined
    const forwarded = (): Where | null => {
      const [scheme = '', hosts = '', target] = ['proto', 'host', 'uri'].map((part) => valueOf(`x-forwarded-${part}`))
      return target === undefined ? null : { origin: originOf(scheme === '' ? ownScheme : scheme, hosts), target }
    }
    const original = (): Where | null => {
      const [, scheme = '', host = '', target = ''] = /^([a-z]+):\/\/([^/?#,]*)(.*)$/is.exec(valueOf('x-original-url') ?? '') ?? []
      return scheme === '' ? null : { origin: originOf(scheme, host), target }
    }
    const [where, method] = proxy === 'nginx'
      ? [original() ?? forwarded(), valueOf('x-original-method') ?? valueOf('x-forwarded-method')]
      : [forwarded() ?? original(), valueOf('x-forwarded-method') ?? valueOf('x-original-method')]
    return { method: method ?? request.method, origin: where?.origin ?? null, target: where === null ? null : asAscii(where.target) }
  }
}

type Where = Pick<OriginalRequest, 'origin'> & { readonly target: string }

/** The origin of a request, or of a page whose WebSocket it is. Of several schemes the first is the visitor's. */
const canonicalOrigin = (schemes: string, host: string): string | null => {
  const [, secure] = /^(?:http|ws)(s?)(?: *,|$)/i.exec(schemes) ?? []
  if (secure === undefined || !/^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i.test(host)) return null
  return URL.parse(`http${secure}://${host}`)?.origin ?? null
}

/** Writes the bytes that no URL has as a browser would: `request.headers` has each as one character. A `#` would begin a fragment, which no request has. */
const asAscii = (bytes: string): string => bytes.replace(/[^\x21-\x7e]|#/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
