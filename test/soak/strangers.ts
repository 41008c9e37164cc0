/** Attacks by strangers without a WeChat account: what each does in one round, and how often. Their memory doesn't grow with the length of a run. */
import { setTimeout as sleep } from 'node:timers/promises'
import { sign } from '../support/clients.ts'
import type { Answer, Call } from '../support/test-service.ts'
import type { Random } from '../chaos/random.ts'
import type { Socket } from 'node:net'
import { randomText } from './random-text.ts'

/** What an attack has: calls and connections from chosen addresses. */
export interface AttackContext {
  readonly authority: string
  readonly random: Random
  /** Addresses of honest visitors, for attacks on their limits. */
  readonly victims: readonly string[]
  /** Calls through the proxy as a client at this address; undefined without an answer. The answer is counted. */
  call (call: Call, from: string): Promise<Answer | undefined>
  /** Opens a connection without the proxy from an address of this machine. Its errors are ignored. */
  connect (from: string): Promise<Socket>
  note (answer: string): void
  /** Reports something that was accepted and must not be. */
  violation (text: string): void
  readonly signal: AbortSignal
}

export interface Attack {
  /** How many run at the same time. */
  readonly width: number
  /** The pause after each round. */
  readonly everyMs: number
  readonly once: (context: AttackContext) => Promise<void>
}

const id = (random: Random): string => randomText(random, 16)
const secret = (random: Random): string => randomText(random, 32)
const hex = (random: Random): string => random.integer(0, 65_535).toString(16)
const inPrefix48 = (random: Random): string => `2001:db8:66:${hex(random)}:${hex(random)}:${hex(random)}:${hex(random)}:1`
const direct = { raw: '127.0.0.66', idle: '127.0.0.67', slow: '127.0.0.68' }
const evil = 'https://evil.example'
const maxLive = 900
const idleConnections = 3000

const firstBytes = [
  'CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET /login HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  'POST /api/tickets HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{"return_to"',
  'GET / HTTP/9.9\r\n\r\n',
  '\x16\x03\x01\x02\x00\x01\x00',
  'GET /login HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(5),
]

/** Tickets that still exist, shared by all that request codes in turn. */
const live: string[] = []
const idle = new Set<Socket>()

export const strangers: Readonly<Record<string, Attack>> = {
  'connect, then reset': {
    width: 2,
    everyMs: 150,
    once: async ({ connect, random, note }) => {
      const socket = await connect(direct.raw)
      const bytes = random.pick(firstBytes)
      socket.write(random.chance(0.5) ? bytes : bytes.slice(0, random.integer(1, bytes.length)))
      await sleep(random.integer(0, 8))
      socket.resetAndDestroy()
      note('reset')
    },
  },
  'pipelined and never read': {
    width: 30,
    everyMs: 3000,
    once: async ({ connect, signal, note }) => {
      const socket = await connect(direct.raw)
      socket.pause()
      socket.write('GET /scan-login.js HTTP/1.1\r\nHost: x\r\nAccept-Encoding: br\r\n\r\n'.repeat(200))
      await Promise.race([new Promise((resolve) => { socket.once('close', resolve) }), sleep(12_000, undefined, { signal })]).catch(() => {})
      note(socket.destroyed ? 'cut off' : 'still there after 12 s')
      socket.destroy()
    },
  },
  'readiness, asked for by anybody': {
    width: 8,
    everyMs: 40,
    once: async ({ call, random }) => {
      await call({ path: random.pick(['/health/ready', '/healthz']) }, `203.0.113.${random.integer(20, 29)}`)
    },
  },
  'codes in a circle': {
    width: 4,
    everyMs: 50,
    once: async ({ call, random }) => {
      if (live.length < maxLive) {
        const made = await call({ method: 'POST', path: '/api/tickets' }, `203.0.113.${random.integer(1, 15)}`)
        if (made?.status === 201) live.push(made.json.ticket)
      }
      const index = random.integer(0, Math.max(0, live.length - 1))
      if (live[index] === undefined) return
      const code = await call({ path: `/api/tickets/${live[index]}/code` }, `203.0.113.${random.integer(1, 15)}`)
      if (code?.status === 404) live.splice(index, 1)
    },
  },
  'tickets from one /48': {
    width: 4,
    everyMs: 60,
    once: async ({ call, random }) => {
      await call({ method: 'POST', path: '/api/tickets' }, inPrefix48(random))
    },
  },
  'polled tickets from one /48': {
    width: 60,
    everyMs: 500,
    once: async ({ call, random }) => {
      const from = inPrefix48(random)
      const made = await call({ method: 'POST', path: '/api/tickets' }, from)
      if (made?.status === 201) await call({ path: `/api/tickets/${made.json.ticket}?after=1&wait=25`, headers: { authorization: `Ticket ${made.json.secret}` } }, from)
    },
  },
  'minting by an ad': {
    width: 1,
    everyMs: 40,
    once: async ({ call, random, victims, violation }) => {
      const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', ...(random.chance(0.5) && { origin: evil }) }
      const made = await call({ method: 'POST', path: '/api/tickets', headers, ...(random.chance(0.3) && { body: '{}', headers: { ...headers, 'content-type': 'text/plain' } }) }, random.pick(victims))
      if (made?.status === 201) violation('another site\'s page made a ticket')
    },
  },
  'codes shown by another site': {
    width: 1,
    everyMs: 300,
    once: async ({ call, random, violation }) => {
      const from = `203.0.113.${random.integer(60, 69)}`
      const made = await call({ method: 'POST', path: '/api/tickets' }, from)
      if (made?.status !== 201) return
      const image = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image', referer: `${evil}/` }
      const code = await call({ path: made.json.code_url, headers: random.pick([{ origin: evil }, image]) }, from)
      if (code?.status === 200) violation('another site\'s page was given a code')
    },
  },
  'signed with an unknown key': {
    width: 2,
    everyMs: 80,
    once: async ({ call, authority, random, violation }) => {
      const scan: Call = { method: 'POST', path: `/api/phone/tickets/${id(random)}/scan` }
      const headers = sign(scan, { key_id: id(random), key: secret(random) }, { authority, created: Math.floor(Date.now() / 1000), nonce: id(random) })
      const answer = await call({ ...scan, headers }, `203.0.113.${random.integer(30, 39)}`)
      if (answer?.status === 200) violation('a call signed with an unknown key was accepted')
    },
  },
  '600 wrong js_codes at once': {
    width: 1,
    everyMs: 20_000,
    once: async ({ call, random, violation }) => {
      const answers = await Promise.all(Array.from({ length: 600 }, () => call({ method: 'POST', path: '/api/phone/login', body: { js_code: secret(random).slice(0, 32) } }, '203.0.113.77')))
      if (answers.some((answer) => answer?.status === 200)) violation('a made-up js_code was accepted')
    },
  },
  'idle connections': {
    width: 1,
    everyMs: 2000,
    once: async ({ connect, note }) => {
      for (const socket of idle) if (socket.destroyed) idle.delete(socket)
      for (let opened = 0; opened < 500 && idle.size < idleConnections; opened++) idle.add(await connect(direct.idle))
      note(`about ${Math.round(idle.size / 500) * 500} open`)
    },
  },
  'bodies that never come': {
    width: 30,
    everyMs: 1000,
    once: async ({ connect, signal, note }) => {
      const socket = await connect(direct.slow)
      socket.resume()
      socket.write('POST /api/tickets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{')
      await Promise.race([new Promise((resolve) => { socket.once('close', resolve) }), sleep(20_000, undefined, { signal })]).catch(() => {})
      note(socket.destroyed ? 'cut off' : 'still there after 20 s')
      socket.destroy()
    },
  },
  'tossed cookies': {
    width: 1,
    everyMs: 50,
    once: async ({ call, random, violation }) => {
      const cookie = Array.from({ length: random.integer(2, 12) }, () => `${random.pick(['scan_login', '__Host-scan_login', '__Secure-scan_login'])}=${secret(random)}`).join('; ')
      const path = random.pick(['/api/session', '/api/session/verify', '/me'])
      const answer = await call({ path, headers: { cookie } }, `203.0.113.${random.integer(40, 49)}`)
      if (path !== '/me' && answer?.status === 200) violation('a made-up cookie was accepted')
    },
  },
  'guessed ids and secrets': {
    width: 2,
    everyMs: 60,
    once: async ({ call, random, violation }) => {
      const answer = await call({ method: random.pick(['GET', 'POST', 'DELETE'] as const), path: `/api/tickets/${id(random)}${random.pick(['', '/consume', '/code'])}`, headers: { authorization: `Ticket ${secret(random)}` } }, `203.0.113.${random.integer(50, 59)}`)
      if (answer !== undefined && answer.status < 300) violation('a guessed ticket was accepted')
    },
  },
}
