/** The history of a run: every call as its caller saw it, the faults, and how each browser ended. The checker judges it. */
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import type { Answer, Call } from '../support/test-service.ts'

export type CallKind = 'create' | 'code' | 'poll' | 'consume' | 'give-up' | 'session' | 'log-out' | 'phone-login' | 'scan' | 'confirm' | 'cancel' | 'sign-out'

/** One call. Times are milliseconds of one clock; secrets and cookies are recorded as fingerprints. */
export interface CallRecord {
  readonly type: 'call'
  readonly actor: string
  readonly instance: number
  readonly kind: CallKind
  /** From the path. */
  readonly ticket: string | null
  /** The session to sign out. */
  readonly sid: string | null
  readonly secret: string | null
  readonly cookie: string | null
  readonly keyId: string | null
  readonly nonce: string | null
  /** The number that was sent. */
  readonly matchCode: string | null
  readonly waitMs: number
  readonly start: number
  readonly end: number
  /** Null if none came; `error` says why. */
  readonly answer: AnswerRecord | null
  readonly error: string | null
}

/** The parts of an answer; null for each part that it doesn't have. */
export interface AnswerRecord {
  readonly status: number
  /** Whether the body is a problem (RFC 9457) with this status. */
  readonly isProblem: boolean
  readonly code: string | null
  readonly retryAfter: number | null
  readonly ticket: string | null
  readonly secret: string | null
  readonly state: string | null
  readonly version: number | null
  readonly matchCode: string | null
  readonly sid: string | null
  readonly sub: string | null
  readonly cookie: string | null
  readonly keyId: string | null
}

export interface FaultRecord {
  readonly type: 'fault'
  readonly kind: string
  /** The instance concerned; null for all. */
  readonly instance: number | null
  readonly start: number
  /** When the fault was over. */
  readonly end: number
}

/** A slow answer to a call that needs neither store nor WeChat: the machine is overloaded, so other answers are late, too. */
export interface ProbeRecord {
  readonly type: 'probe'
  readonly instance: number
  readonly start: number
  readonly end: number
}

/** What a browser claims to be at the end; its last calls have to prove it. */
export interface EndRecord {
  readonly type: 'end'
  readonly actor: string
  readonly how: 'logged-in' | 'signed-out' | 'fresh'
  readonly ticket: string | null
  readonly cookie: string | null
}

/** What the checker needs to know of the run. */
export interface RunRecord {
  readonly type: 'run'
  readonly seed: number
  readonly ticketTtlMs: number
  /** How many browsers took part. */
  readonly browsers: number
}

export type HistoryRecord = CallRecord | FaultRecord | ProbeRecord | EndRecord | RunRecord

export interface History {
  readonly records: readonly HistoryRecord[]
  add (record: HistoryRecord): void
  /** Makes a call and records it; rejects if no answer came. */
  call (who: { readonly actor: string, readonly instance: number }, call: Call, send: (call: Call) => Promise<Answer>): Promise<Answer>
  /** Resolves when everything is written to the file. */
  close (): Promise<void>
}

/** A call that takes this much longer than its hold is given up, and recorded as a hang. */
const patienceMs = 20_000

/** Opens a history that is also written to a file, one JSON text per line. */
export const openHistory = (file: string): History => {
  const records: HistoryRecord[] = []
  const out = createWriteStream(file)

  const add = (record: HistoryRecord): void => {
    records.push(record)
    out.write(`${JSON.stringify(record)}\n`)
  }

  return {
    records,
    add,
    call: async ({ actor, instance }, call, send) => {
      const parts = readCall(call)
      const start = performance.now()
      const record = (answer: AnswerRecord | null, error: string | null): void => {
        add({ type: 'call', actor, instance, ...parts, start, end: performance.now(), answer, error })
      }
      try {
        const answer = await orHang(send(call), parts.waitMs + patienceMs)
        record(readAnswer(answer), null)
        return answer
      } catch (error) {
        const { code, name } = error as { code?: string, name: string } // undici and JSON.parse throw Errors
        record(null, code ?? name)
        throw error
      }
    },
    close: () => new Promise((resolve) => { out.end(resolve) }),
  }
}

/** Identifies a secret without containing it. */
export const fingerprint = (secret: string): string => createHash('sha256').update(secret).digest('base64url').slice(0, 12)

const orHang = async <T>(work: Promise<T>, ms: number): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const hang = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => { reject(Object.assign(new Error('no answer'), { code: 'hang' })) }, ms)
  })
  return await Promise.race([work, hang]).finally(() => { clearTimeout(timer) })
}

const routes: ReadonlyArray<readonly [RegExp, CallKind]> = [
  [/^POST \/api\/tickets$/, 'create'],
  [/^GET \/api\/tickets\/(?<ticket>[^/]+)\/code$/, 'code'],
  [/^GET \/api\/tickets\/(?<ticket>[^/]+)$/, 'poll'],
  [/^POST \/api\/tickets\/(?<ticket>[^/]+)\/consume$/, 'consume'],
  [/^DELETE \/api\/tickets\/(?<ticket>[^/]+)$/, 'give-up'],
  [/^GET \/api\/session$/, 'session'],
  [/^DELETE \/api\/session$/, 'log-out'],
  [/^POST \/api\/phone\/login$/, 'phone-login'],
  [/^POST \/api\/phone\/tickets\/(?<ticket>[^/]+)\/scan$/, 'scan'],
  [/^POST \/api\/phone\/tickets\/(?<ticket>[^/]+)\/confirm$/, 'confirm'],
  [/^POST \/api\/phone\/tickets\/(?<ticket>[^/]+)\/cancel$/, 'cancel'],
  [/^DELETE \/api\/phone\/sessions\/(?<sid>[^/]+)$/, 'sign-out'],
]

const readCall = ({ method = 'GET', path, headers = {}, body }: Call) => {
  const [target = '', query = ''] = path.split('?')
  const line = `${method} ${target}`
  const route = routes.find(([pattern]) => pattern.test(line))
  if (route === undefined) throw new Error(`the history knows no call ${line}`)
  const { ticket = null, sid = null } = route[0].exec(line)?.groups ?? {}
  const part = (header: string, pattern: RegExp): string | null => pattern.exec(headers[header] ?? '')?.[1] ?? null
  const secret = part('authorization', /^Ticket (.*)$/)
  const parameters = new URLSearchParams(query)
  return {
    kind: route[1],
    ticket,
    sid,
    secret: secret && fingerprint(secret),
    cookie: headers.cookie === undefined ? null : fingerprint(headers.cookie),
    keyId: part('signature-input', /keyid="([^"]*)"/),
    nonce: part('signature-input', /nonce="([^"]*)"/),
    matchCode: route[1] === 'confirm' ? (body as { match_code?: string }).match_code ?? null : null, // a phone sends an object
    waitMs: parameters.has('after') ? Number(parameters.get('wait') ?? 25) * 1000 : 0,
  }
}

const readAnswer = ({ status, headers, json }: Answer): AnswerRecord => {
  const setCookie = headers['set-cookie']
  const token = json?.access_token === undefined ? undefined : claimsOf(json.access_token)
  return {
    status,
    isProblem: /^application\/problem\+json/.test(String(headers['content-type'])) && json?.status === status &&
      json.type === `urn:scan-login:problem:${json.code}` && [json.title, json.detail, json.request_id].every((text) => typeof text === 'string'),
    code: json?.code ?? null,
    retryAfter: headers['retry-after'] === undefined ? null : Number(headers['retry-after']),
    ticket: json?.ticket ?? null,
    secret: json?.secret === undefined ? null : fingerprint(json.secret),
    state: json?.state ?? null,
    version: json?.version ?? null,
    matchCode: json?.match_code ?? null,
    sid: token?.sid ?? json?.session?.id ?? null,
    sub: token?.sub ?? json?.user?.sub ?? null,
    cookie: setCookie === undefined ? null : fingerprint(String(setCookie).replace(/;.*/s, '')),
    keyId: json?.key_id ?? null,
  }
}

const claimsOf = (token: string): { sid: string, sub: string } => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
