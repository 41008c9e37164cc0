/** Whether a poll is held through the proxy as long as MAX_WAIT says: with a ticket that is made for it and given up. */
import { parsed, problemIn } from './ask-doctor.ts'
import { fresh, publicBase } from './ask-public.ts'
import { call, type CallAnswer, type CallFailure } from './call.ts'
import type { CheckContext } from './context.ts'
import { failure, notChecked, ok, warning, type Finding } from './finding.ts'

/** A busy machine answers this much later. */
const graceMs = 8_000

interface Ticket {
  readonly ticket: string
  readonly secret: string
  readonly max_wait: number
}

const isTicket = (body: unknown): body is Ticket =>
  typeof body === 'object' && body !== null && 'ticket' in body && typeof body.ticket === 'string' && 'secret' in body && typeof body.secret === 'string' && 'max_wait' in body && typeof body.max_wait === 'number'

export const pollFindings = async (context: CheckContext): Promise<readonly Finding[]> => {
  const tickets = `${publicBase(context)}/api/tickets`
  const made = await call(`${tickets}${fresh()}`, { method: 'POST', body: '{}' })
  const body = made.status === 201 ? parsed(made.text) : undefined
  if (!isTicket(body)) return [notMade(made)]
  const url = `${tickets}/${body.ticket}`
  const headers = { 'x-ticket-secret': body.secret }
  try {
    const answer = await call(`${url}${fresh()}&after=1&wait=${body.max_wait}`, { headers, withinMs: body.max_wait * 1000 + graceMs })
    return [heldFinding(answer, body)]
  } finally {
    await call(`${url}${fresh()}`, { method: 'DELETE', headers }) // otherwise it ends by itself, after TICKET_TTL
  }
}

const notMade = (answer: CallAnswer | CallFailure): Finding =>
  notChecked(`how long a poll is held: the service makes no ticket for it now (${answer.status === null ? answer.error : problemIn(answer) ?? answer.status})`)

const heldFinding = (answer: CallAnswer | CallFailure, { ticket, max_wait: maxWait }: Ticket): Finding => {
  const seconds = Math.round(answer.tookMs / 1000)
  const view = answer.status === 200 ? parsed(answer.text) as { ticket?: unknown, state?: unknown } | null | undefined : undefined // what else comes has none of these
  if (view?.ticket === ticket) {
    const isWhole = answer.tookMs >= maxWait * 1000 - 1000 || view.state !== 'pending' // its time was over before
    return isWhole ? ok(`a poll is held for ${seconds} s, as MAX_WAIT says`) : notChecked(`how long a poll is held: the service answered after ${seconds} s, as it holds too many or is about to stop`)
  }
  const problem = problemIn(answer)
  if (problem === 'ticket-not-found') {
    return failure('proxy-loses-tickets', 'a ticket is unknown a moment after it was made: the proxy removes the header X-Ticket-Secret, or spreads calls over instances that don\'t share a store',
      'pass all headers on, or give all instances the same STORE_URL in Redis and the same key file')
  }
  if (problem !== null) return notChecked(`how long a poll is held: the service itself refuses it (${problem})`)
  const how = answer.status === null ? answer.error : answer.status === 200 ? 'something else than the service answers' : `the proxy answers ${answer.status}`
  return warning('proxy-cuts-polls', `a poll that waits ${maxWait} s is cut off after ${seconds} s: ${how}. Logins work, with more calls`,
    `let the proxy wait longer than MAX_WAIT (${maxWait} s). nginx: proxy_read_timeout 60s; HAProxy: timeout server 60s and timeout client 60s. Caddy: no response_header_timeout below that. Squid: read_timeout 60 seconds. Where you can't change it, set MAX_WAIT=${Math.max(0, seconds - 2)} and restart the service`)
}
