/** The errors that a client can get: a registry of codes, and the class that carries one. */

/** Code → status and title (RFC 9457 `status`, `title`), and a `Retry-After` where it is always the same. `src/http/README.md` explains each to API users. */
export const problemTypes = {
  'bad-request': { status: 400, title: 'The request is not well formed' },
  'return-to-not-allowed': { status: 400, title: 'return_to leads to a place that is not allowed' },
  'signature-invalid': { status: 401, title: 'The signature is missing or wrong' },
  'clock-skew': { status: 401, title: 'The clock of the phone is off' },
  replayed: { status: 401, title: 'This request was seen before' },
  'key-unknown': { status: 401, title: 'The signing key is unknown or has ended' },
  'js-code-invalid': { status: 401, title: 'WeChat does not accept this js_code' },
  unauthenticated: { status: 401, title: 'Nobody is logged in' },
  'match-wrong': { status: 403, title: 'That was not the number on the screen' },
  'wechat-user-blocked': { status: 403, title: 'WeChat has blocked this person' },
  'not-owner': { status: 403, title: 'Only an owner of the site may do this' },
  'person-waiting': { status: 403, title: 'An owner of the site has not let this person in yet' },
  'person-unknown': { status: 403, title: 'The site lets in only people whom it knows' },
  'person-blocked': { status: 403, title: 'The site has blocked this person' },
  'cross-site': { status: 403, title: 'The request comes from another site' },
  'not-found': { status: 404, title: 'There is nothing here' },
  'ticket-not-found': { status: 404, title: 'There is no such ticket' },
  'method-not-allowed': { status: 405, title: 'This method does not work here' },
  'ticket-not-scanned': { status: 409, title: 'The ticket has not been scanned' },
  'ticket-not-confirmed': { status: 409, title: 'The ticket has not been confirmed' },
  'ticket-taken': { status: 409, title: 'Somebody else has scanned the ticket' },
  'ticket-confirmed': { status: 409, title: 'The ticket is confirmed already' },
  'ticket-consumed': { status: 409, title: 'The ticket has been used' },
  'ticket-cancelled': { status: 409, title: 'The ticket was cancelled' },
  'ticket-expired': { status: 409, title: 'The time of the ticket is up' },
  'payload-too-large': { status: 413, title: 'The request is too large' },
  'unsupported-media-type': { status: 415, title: 'The body is of a type that is not understood' },
  'rate-limited': { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  'too-many-tickets': { status: 503, title: 'Too many logins are under way' },
  'wechat-unavailable': { status: 503, title: 'WeChat does not answer as it should' },
  'store-unavailable': { status: 503, title: 'The store does not answer', retryAfterSeconds: 2 },
} as const

export type ProblemCode = keyof typeof problemTypes

interface ProblemType { readonly status: number, readonly title: string, readonly retryAfterSeconds?: number }

export interface ProblemOptions {
  /** One public sentence about this occurrence; the title when left out. Never contains a secret or an id of WeChat's. */
  readonly detail?: string
  /** A status in place of the registry's. The code stays general, as clients decide by it; the status can be more specific. */
  readonly status?: 408 | 412 | 431 | 501
  /** Seconds, sent as `Retry-After`; the registry's when left out. */
  readonly retryAfterSeconds?: number
  /** Further public members of the problem body, already in snake_case. */
  readonly extra?: Readonly<Record<string, string | number>>
  /** True where the caller did nothing wrong: no limit counts it against them. */
  readonly isOurFault?: boolean
  /** For the log only. */
  readonly cause?: unknown
}

/** A refusal or a fault that reaches the client with its code. Any other error reaches the client as `internal`. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly status: number
  readonly retryAfterSeconds: number | undefined
  readonly extra: Readonly<Record<string, string | number>>
  readonly isOurFault: boolean

  constructor (code: ProblemCode, options: ProblemOptions = {}) {
    super(options.detail ?? problemTypes[code].title, { cause: options.cause })
    this.name = 'Problem'
    this.code = code
    this.status = options.status ?? problemTypes[code].status
    this.retryAfterSeconds = options.retryAfterSeconds ?? (problemTypes[code] as ProblemType).retryAfterSeconds
    this.extra = options.extra ?? {}
    this.isOurFault = options.isOurFault ?? false
  }

  /** As other libraries call the status. */
  get statusCode (): number {
    return this.status
  }
}
