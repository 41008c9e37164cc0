/** Every body, parameter and answer of the API, defined once for validation, serialisation, types and the OpenAPI page. */
import { Type, type TSchema } from 'typebox'
import { groupPattern, maxGroups } from '../domain/person.ts'
import { ticketStates } from '../domain/ticket.ts'

const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])

const State = Type.Enum([...ticketStates])
const Seconds = Type.Integer({ minimum: 0 })
const Moment = Type.String({ description: 'ISO 8601, UTC' })

/** Queries arrive as text, and Ajv's type coercion is off. */
const WholeNumber = Type.String({ pattern: '^-?[0-9]+$' })

// The use cases check ids: a malformed one must be answered exactly like an unknown one.
export const TicketParams = Type.Object({ ticket: Type.String() })
export const SessionParams = Type.Object({ id: Type.String() })
export const EndSessionQuery = Type.Object({
  ticket: Type.Optional(Type.String({ description: 'The ticket whose confirmation told the id: ends the login even before its browser has got the session' })),
})

export const CreateTicketBody = Type.Object({
  return_to: Type.Optional(nullable(Type.String({ maxLength: 16_384 }))), // domain/return-to.ts has the limit
  renews: Type.Optional(nullable(Type.String({ maxLength: 4096, description: 'The ticket that this one takes the place of, whose secret is in the headers.' }))),
})

export const CreatedTicket = Type.Object({
  ticket: Type.String(),
  secret: Type.String(),
  state: State,
  version: Type.Integer(),
  expires_in: Seconds,
  code_url: Type.String(),
  link_url: Type.Optional(Type.String()),
  max_wait: Seconds,
  match: Type.Boolean(),
  app: Type.Optional(Type.Object({
    name: Type.String(),
    origin: Type.String(),
    start_url: Type.String({ description: 'Where a login begins at the app' }),
    expires_in: Seconds,
  }, { description: 'The app that waits for this login (OpenID Connect), and for how long it does' })),
})

export const PollQuery = Type.Object({ after: Type.Optional(WholeNumber), wait: Type.Optional(WholeNumber) })

export const TicketView = Type.Object({
  ticket: Type.String(),
  state: State,
  version: Type.Integer(),
  expires_in: Seconds,
  match_code: Type.Optional(Type.String()),
  sub: Type.Optional(Type.String({ description: 'The person who confirmed; in `confirmed` and `consumed` only' })),
  phone: Type.Optional(Type.Object({ name: Type.String() })),
  poll_after: Type.Optional(Seconds),
})

const User = Type.Object({ sub: Type.String(), name: nullable(Type.String()) })

export const Token = Type.Object({
  access_token: Type.String(),
  token_type: Type.Literal('Bearer'),
  expires_in: Seconds,
  user: User,
})

export const ConsumedTicket = Type.Object({ ...Token.properties, return_to: nullable(Type.String()) })

export const BrowserView = Type.Object({
  name: Type.String(),
  system: Type.String(),
  ip: Type.String(),
  network: nullable(Type.String({ description: 'The network around a public address: /24, or /48' })),
  place: nullable(Type.String({ description: 'Where the address is, in Chinese' })),
  place_en: nullable(Type.String({ description: 'The same in English' })),
})

/** The browser, as the person who scans its code sees it: without the full address, as that may be a stranger. */
const AskingBrowser = Type.Object({
  ...Type.Omit(BrowserView, ['ip']).properties,
  is_phone: Type.Boolean({ description: 'It runs on a phone, by its own words' }),
})

export const SessionView = Type.Object({
  user: User,
  session: Type.Object({ id: Type.String(), created_at: Moment, expires_at: Moment, browser: BrowserView }),
})

export const SessionQuery = Type.Object({
  optional: Type.Optional(Type.Enum(['true', 'false'], { description: 'With `true`, nobody being logged in is a 200 as well, with null for `user` and `session`: a browser drops its password for a proxy (HTTP Basic) at any 401' })),
  return_to: Type.Optional(Type.String({ description: 'Checked by the rule of tickets, and returned', maxLength: 16_384 })),
})

export const AskedSessionView = Type.Object({
  user: nullable(SessionView.properties.user),
  session: nullable(SessionView.properties.session),
  return_to: Type.Optional(Type.String()),
}, { description: '`user` and `session` are null with `optional=true` only' })

// A parameter that isn't known is refused: with `group` in place of `groups` the door would be open to all.
export const ForwardAuthQuery = Type.Object({
  proxy: Type.Optional(Type.Enum(['nginx'], { description: 'The proxy knows no redirect: 401 with `Location` in place of 302' })),
  groups: Type.Optional(Type.String({ pattern: `^${groupPattern}(?:,${groupPattern}){0,${maxGroups - 1}}$`, description: 'Names with commas: only people in one of these groups, others get 403' })),
  bearer: Type.Optional(Type.Enum(['on'], { description: 'An access token in `Authorization: Bearer` counts, too; otherwise that header is the app\'s own' })),
}, { additionalProperties: false })

export const PhoneLoginBody = Type.Object({ js_code: Type.String({ minLength: 1, maxLength: 256 }) })

export const PhoneLogin = Type.Object({
  key_id: Type.String(),
  key: Type.String(),
  expires_in: Seconds,
  server_time: Type.Integer(),
  user: User,
})

/** Of the login that this person has confirmed. */
const SessionId = Type.Optional(Type.String({ description: 'Once confirmed: the id that the session has, or will have' }))

export const ScannedTicket = Type.Object({
  state: State,
  version: Type.Integer(),
  session: SessionId,
  expires_in: Seconds,
  site: Type.Object({
    name: Type.String(),
    origin: Type.String({ description: 'Where the login page is: another site where its page made the ticket' }),
    service: Type.String({ description: 'The origin of PUBLIC_URL' }),
    app: Type.Optional(Type.String({ description: 'The origin of the app that the login goes on to, by OpenID Connect' })),
  }),
  browser: AskingBrowser,
  other_country: Type.Boolean({ description: 'Browser and phone are known to be in different countries or regions' }),
  same_phone: Type.Boolean({ description: 'The browser may be on the phone that scans: it is on a phone by its own words, and both have one public address' }),
  phone_place: nullable(Type.String({ description: 'Where the phone\'s own address is, in Chinese' })),
  phone_place_en: nullable(Type.String({ description: 'The same in English' })),
  created_at: Moment,
  match: Type.Enum(['tap', 'type', 'off'], { description: 'How the number on the screen is asked for' }),
  match_choices: nullable(Type.Array(Type.String(), { description: 'With `tap` only' })),
})

export const ConfirmBody = Type.Object({ match_code: Type.Optional(Type.String({ pattern: '^[0-9]{2}$' })) })

export const MovedTicket = Type.Object({ state: State, version: Type.Integer() })
export const ConfirmedTicket = Type.Object({ ...MovedTicket.properties, session: SessionId })

/** The other site whose token a session carries; absent for our own sessions. */
const SessionSite = Type.Object({ name: Type.String(), origin: Type.String() })

const PersonState = Type.Enum(['unknown', 'waiting', 'active', 'blocked'], { description: 'Whether the person may come in; `unknown`: nothing is stored of them' })

export const SessionList = Type.Object({
  registration: Type.Enum(['open', 'approval', 'closed'], { description: 'Who may come in (REGISTRATION)' }),
  state: PersonState,
  people_waiting: Type.Optional(Type.Integer({ minimum: 0, description: 'To owners only: how many people wait to be let in' })),
  sessions: Type.Array(Type.Object({ id: Type.String(), site: Type.Optional(SessionSite), browser: BrowserView, created_at: Moment, last_seen_at: Moment, expires_at: Moment })),
})

export const ProfileBody = Type.Object({ name: Type.String({ maxLength: 128 }) })
export const Profile = Type.Object({ user: User })

export const PeopleQuery = Type.Object({
  state: Type.Optional(Type.Enum(['waiting', 'active', 'blocked'])),
  search: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'People whose handle or name begins with this, 50 at the most' })),
  after: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: '`next` of the page before' })),
})
export const PersonParams = Type.Object({ id: Type.String() })

export const PersonView = Type.Object({
  id: Type.String({ description: 'The `sub`' }),
  handle: Type.String(),
  name: nullable(Type.String()),
  state: PersonState,
  groups: Type.Array(Type.String()),
  first_seen_at: nullable(Moment),
  last_seen_at: nullable(Moment),
})
export const PeopleList = Type.Object({ people: Type.Array(PersonView), next: nullable(Type.String()) })

export const Jwks = Type.Object({
  keys: Type.Array(Type.Object({
    kty: Type.String(), crv: Type.String(), x: Type.String(), y: Type.String(), kid: Type.String(), alg: Type.String(), use: Type.String(),
  })),
})

export const Health = Type.Object({ status: Type.Literal('ok') })

/** RFC 9457, with our `code`. Some codes add members of their own (`server_time`, `reason`). */
export const ProblemBody = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  code: Type.String(),
  request_id: Type.String(),
}, { additionalProperties: true })

const problem = { description: 'A problem (RFC 9457)', content: { 'application/problem+json': { schema: ProblemBody } } }

/** Responses that every route may have. */
export const problems = { '4xx': problem, '5xx': problem }

const pageOrProblem = {
  description: 'A problem (RFC 9457); for a browser that navigates here, a page in its language with the same status',
  content: { ...problem.content, 'text/html': { schema: Type.String() } },
}

/** The same for an address that people's browsers go to. */
export const pageOrProblems = { '4xx': pageOrProblem, '5xx': pageOrProblem }

export const Nothing = Type.Unsafe<undefined>({ type: 'null', description: 'No body' })

/** Who is logged in, for the app behind a proxy. */
export const Identity = Type.Unsafe<undefined>({
  type: 'null',
  description: 'Somebody is logged in. A value that is empty is sent as an empty header',
  headers: {
    'remote-user': { type: 'string', description: 'The `sub`' },
    'remote-name': { type: 'string', description: 'The name that the person chose, as percent-encoded UTF-8' },
    'remote-email': { type: 'string', description: 'The handle at OIDC_EMAIL_DOMAIN' },
    'remote-groups': { type: 'string', description: 'Names with commas' },
  },
})

export const ToLogin = Type.Unsafe<undefined>({
  type: 'null',
  description: 'A navigation of somebody who isn\'t logged in',
  headers: { location: { type: 'string', description: 'The login page, with the way back in `return_to`' } },
})

/** What `npm run doctor` is told of its own call. */
export const Doctor = Type.Object({
  nonce: Type.String(),
  version: Type.String(),
  method: Type.String(),
  peer: Type.String({ description: 'The address that the call came from' }),
  is_peer_trusted: Type.Boolean({ description: 'TRUST_PROXY has it' }),
  x_forwarded_for: nullable(Type.String({ description: 'As it arrived' })),
  address: Type.String({ description: 'The visitor\'s, as limits count it' }),
  has_authorization: Type.Boolean({ description: '`Authorization: Doctor test` arrived' }),
  user: Type.Object({ uid: nullable(Type.Integer()), gid: nullable(Type.Integer()) }, { description: 'Whom the service runs as' }),
  settings: Type.Record(Type.String(), Type.String(), { description: 'A mark of each setting\'s value' }),
})

const picture = { schema: Type.Unsafe<Buffer>({ type: 'string', format: 'binary' }) }

export const Code = { description: 'The code', content: { 'image/png': picture, 'image/jpeg': picture } }

export const Link = Type.Unsafe<undefined>({
  type: 'null',
  description: 'The link that opens WeChat',
  headers: { location: { type: 'string', description: 'WeChat\'s URL Link' } },
})
