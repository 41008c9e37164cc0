/** The eight calls of scan-login: create, code, poll, phone login, scan, poll, confirm, consume. The bare rivals answer the same. */
import { setTimeout as sleep } from 'node:timers/promises'
import { sign } from '../../support/clients.ts'
import { createConnectionPool, expectStatus, requestText, type Connection, type WireAnswer } from '../load/connection.ts'
import { addressOf, createPeople, nextVisitor } from './person.ts'
import type { Way } from './way.ts'

export interface LongPollOptions {
  readonly port: number
  readonly jsCode: (person: string) => string
  /** Asks so often in place of waiting, as pages without long polls do. */
  readonly pollEveryMs?: number
}

/** A browser's ticket. */
export interface OpenTicket { readonly id: string, readonly secret: string, readonly host: string, readonly from: string }

/** Longer than any hold of a service with its defaults. */
const waitSeconds = 55
const chrome = 'user-agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36'

export const createTicket = async (connection: Connection, port: number, visitor: number): Promise<OpenTicket> => {
  const [host, from] = [`127.0.0.1:${port}`, `x-forwarded-for: ${addressOf(visitor)}`]
  const { body } = expectStatus(await connection.send(requestText({ method: 'POST', path: '/api/tickets', host, headers: [from, chrome], body: '{}' })), 201)
  const { ticket, secret } = JSON.parse(body) as { ticket: string, secret: string }
  return { id: ticket, secret, host, from }
}

export const codeRequest = ({ id, host, from }: OpenTicket): string => requestText({ path: `/api/tickets/${id}/code`, host, headers: [from, chrome] })

export const pollRequest = ({ id, secret, host, from }: OpenTicket, after: number, wait: number): string =>
  requestText({ path: `/api/tickets/${id}?after=${after}&wait=${wait}`, host, headers: [`authorization: Ticket ${secret}`, from, chrome] })

interface View { readonly version: number, readonly match_code?: string, readonly poll_after?: number }

export const createLongPollWay = ({ port, jsCode, pollEveryMs }: LongPollOptions): Way => {
  const pool = createConnectionPool(port)
  const people = createPeople()
  return {
    close: pool.close,
    logIn: ({ beforeScanMs = 0, beforeTapMs = 0, isNewcomer = false } = {}) => people.use(isNewcomer, (person) => pool.use(async (connection) => {
      let requests = 0
      const counted = (answer: Promise<WireAnswer>): Promise<WireAnswer> => {
        requests++
        return answer
      }
      const ticket = await createTicket(connection, port, nextVisitor())
      requests++
      expectStatus(await counted(connection.send(codeRequest(ticket))), 200)

      const pastVersion = async (version: number): Promise<View & { readonly at: number }> => {
        for (;;) {
          const answer = expectStatus(await counted(connection.send(pollRequest(ticket, version, pollEveryMs === undefined ? waitSeconds : 0))), 200)
          const view = JSON.parse(answer.body) as View
          if (view.version > version) return { ...view, at: performance.now() }
          if (view.poll_after !== undefined) throw new Error('the service holds no more polls')
          if (pollEveryMs !== undefined) await sleep(pollEveryMs)
        }
      }
      const { host, from } = ticket
      const phoneCall = (path: string, body: object, headers: readonly string[] = []): Promise<WireAnswer> =>
        counted(pool.use((phone) => phone.send(requestText({ method: 'POST', path, host, headers: [from, ...headers], body: JSON.stringify(body) }))))
      const signedCall = async (path: string, body: object): Promise<void> => {
        const signature = sign({ method: 'POST', path, body }, key, { authority: host, created: Math.floor(Date.now() / 1000) })
        expectStatus(await phoneCall(path, body, Object.entries(signature).map(([name, value]) => `${name}: ${value}`)), 200)
      }

      const scanned = pastVersion(1)
      scanned.catch(() => {}) // awaited below, unless the phone fails first
      await sleep(beforeScanMs)
      const key = JSON.parse(expectStatus(await phoneCall('/api/phone/login', { js_code: jsCode(person) }), 200).body) as { key_id: string, key: string }
      const scanAt = performance.now()
      const [seenScan] = await Promise.all([scanned, signedCall(`/api/phone/tickets/${ticket.id}/scan`, {})])

      const confirmed = pastVersion(2)
      confirmed.catch(() => {})
      await sleep(beforeTapMs)
      const tapAt = performance.now()
      const [seenTap] = await Promise.all([confirmed, signedCall(`/api/phone/tickets/${ticket.id}/confirm`, { match_code: seenScan.match_code })])
      const consume = requestText({ method: 'POST', path: `/api/tickets/${ticket.id}/consume`, host, headers: [`authorization: Ticket ${ticket.secret}`, from, chrome] })
      expectStatus(await counted(connection.send(`${consume}`)), 200)
      return { scanToPageMs: seenScan.at - scanAt, tapToPageMs: seenTap.at - tapAt, requests }
    })),
  }
}
