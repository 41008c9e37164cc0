/** The answers of scan-login's eight calls and nothing behind them: no check, no signature, no store, no limits, no log. */
import { randomBytes } from 'node:crypto'

const random = (bytes) => randomBytes(bytes).toString('base64url')

const picture = randomBytes(Number(process.env.PICTURE_BYTES ?? 20_000))
const token = randomBytes(390).toString('base64url') // as long as a real one
const tickets = new Map()
const longestWaitMs = 55_000

const move = (id, state) => {
  const ticket = tickets.get(id)
  ticket.state = state
  ticket.version++
  const { waiter } = ticket
  ticket.waiter = undefined
  waiter?.()
  return ticket
}

const view = (id, { state, version }) => ({ ticket: id, state, version, expires_in: 180, ...(state === 'scanned' && { match_code: '47' }) })

export const create = () => {
  const [id, secret] = [random(16), random(32)]
  tickets.set(id, { state: 'pending', version: 1, waiter: undefined })
  return { ticket: id, secret, state: 'pending', version: 1, expires_in: 180, code_url: `/api/tickets/${id}/code`, max_wait: 25, match: true }
}

export const code = () => picture

/** Calls `answer` with the view: at once, or when the ticket changes or the time is over. */
export const poll = (id, after, waitSeconds, answer) => {
  const ticket = tickets.get(id)
  if (ticket.version > after || !(waitSeconds > 0)) return answer(view(id, ticket))
  const done = () => {
    clearTimeout(timer)
    answer(view(id, ticket))
  }
  const timer = setTimeout(() => {
    ticket.waiter = undefined
    answer(view(id, ticket))
  }, Math.min(waitSeconds * 1000, longestWaitMs))
  ticket.waiter = done
}

export const phoneLogin = () => ({
  key_id: random(16), key: random(32), expires_in: 86_400, server_time: Math.floor(Date.now() / 1000), user: { sub: random(32), name: null },
})

export const scan = (id) => {
  const { state, version } = move(id, 'scanned')
  return {
    state,
    version,
    expires_in: 180,
    site: { name: 'example.com', origin: 'https://example.com', service: 'https://example.com' },
    browser: { name: 'Chrome', system: 'Windows', network: '198.18.0.0/24', place: null, place_en: null, is_phone: false },
    other_country: false,
    phone_place: null,
    phone_place_en: null,
    created_at: new Date().toISOString(),
    match: 'tap',
    match_choices: ['12', '47', '83'],
  }
}

export const confirm = (id) => {
  const { state, version } = move(id, 'confirmed')
  return { state, version }
}

export const consume = (id) => {
  tickets.delete(id)
  return { access_token: token, token_type: 'Bearer', expires_in: 900, user: { sub: random(32), name: null }, return_to: null }
}

export const cookie = () => `scan_login=${random(32)}; Path=/; HttpOnly; SameSite=Lax`
