/** Hostile requests to every route in the API's description, and to other paths. `{placeholders}` stand for people and tickets, and are filled in when a request is sent. */
import fc, { type Arbitrary } from 'fast-check'
import { bodiesFor, mediaTypes, type Schema } from './bodies.ts'

export interface Operation {
  readonly method: string
  readonly path: string
  readonly query: readonly string[]
  readonly body: Schema | undefined
  /** The documented success statuses of each method on this path. */
  readonly successes: Readonly<Record<string, readonly number[]>>
}

interface Described {
  readonly parameters?: ReadonlyArray<{ readonly in: string, readonly name: string }>
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
  readonly responses: Readonly<Record<string, unknown>>
}

/** Returns the operations of an OpenAPI description. */
export const operationsOf = (description: { readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>> }): Operation[] =>
  Object.entries(description.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, { parameters = [], requestBody }]) => ({
    method: method.toUpperCase(),
    path,
    query: parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name),
    body: requestBody?.content['application/json']?.schema,
    successes: Object.fromEntries(Object.entries(methods).map(([name, described]) => [name.toUpperCase(), successesOf(described)])),
  })))

const successesOf = ({ responses }: Described): number[] => Object.keys(responses).filter((status) => /^[123]\d\d$/.test(status)).map(Number)

/** Paths outside the description. */
const otherPaths = ['/', '/login', '/me', '/login.js', '/scan-login.js', '/style.css', '/openapi.json', '/nothing', '/api', '/api/', '/api/phone', '/metrics', '/.env', '/../package.json', '/login.js/..%2f..%2fpackage.json', '*', '//evil.example', 'http://evil.example/login']

export type Signature = 'right' | 'of other bytes' | 'garbage' | 'none'

/** A request whose texts may contain `{placeholders}`. */
export interface HostileRequest {
  readonly operation: Operation
  readonly method: string
  readonly target: string
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly body: Buffer
  readonly signature: Signature
}

/** Header values that Node's parser accepts: single-byte characters, without control characters. */
const headerText = fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).filter((code) => code !== 0x7f).map((code) => String.fromCharCode(code)), maxLength: 40 })

const escaped = fc.uint8Array({ maxLength: 30 }).map((bytes) => Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''))
const visible = fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength: 30 })

const ids = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('{pending}', '{scanned}', '{confirmed}', '{session}') },
  { weight: 3, arbitrary: fc.constantFrom('{victim scanned}', '{victim confirmed}', '{victim session}', '{victim key}') },
  { weight: 2, arbitrary: fc.constantFrom('A'.repeat(22), '__proto__', 'constructor', '%00', '%', '%zz', '..', '.', '..%2f..%2fapi', '{pending}%00', '{pending}%20', '{pending},{scanned}', 'null', 'undefined', '*', ':ticket', 'A'.repeat(9000)) },
  { weight: 1, arbitrary: fc.oneof(escaped, visible.map((text) => text.replaceAll(/[/?#{}]/g, '')).filter((text) => text !== '')) },
)

const queryValues = fc.oneof(fc.constantFrom('0', '1', '-1', '25', '1e9', '', '9'.repeat(400), 'NaN', '[]', '%00', '%zz', '1&after=2', '1&wait[]=2', '1&__proto__[x]=1'), escaped, visible.map((text) => text.replaceAll('#', '')))
const queries = (names: readonly string[]): Arbitrary<string> => fc.array(
  fc.tuple(fc.constantFrom(...names, 'after', '__proto__', 'constructor', 'a[b]', 'ticket', 'secret', 'openid'), queryValues).map(([name, value]) => `${name}=${value}`), { maxLength: 3 },
).map((pairs) => pairs.length === 0 ? '' : `?${pairs.join('&')}`)

/** Values of headers that the service reads: valid ones of the caller's, and guesses at those of others. */
const credentials = fc.oneof(
  fc.constantFrom('Ticket {pending secret}', 'Ticket {scanned secret}', 'Ticket {confirmed secret}', 'Bearer {token}', 'ticket  {pending secret}', 'Bearer {victim session}', 'Ticket {victim scanned}', 'Ticket', 'Bearer', 'Bearer a.b.c', 'Bearer eyJhbGciOiJub25lIn0.e30.',
    'Bearer {token}x', 'Basic YTpi', `Ticket ${'A'.repeat(43)}`, 'Ticket {pending secret},{scanned secret}', `Bearer ${'a.'.repeat(3000)}`),
  headerText,
)
const cookies = fc.oneof(fc.constantFrom('{cookie}', '{cookie}; {cookie}', '__Host-scan_login=', '__Host-scan_login={victim session}', '__Host-scan_login=%zz', '__Host-scan_login="{victim key}"', '__proto__=1; constructor=2', '__Host-scan_login=a; {cookie}', '='.repeat(3000)), headerText)
const addresses = fc.oneof(fc.constantFrom('203.0.113.9', '203.0.113.9, 127.0.0.1', '127.0.0.1', '::1', 'fe80::1%eth0', '203.0.113.9:80', '[::1]:80', '999.1.1.1', 'unknown', ',,,', '10.0.0.0/8', '<script>', '0x7f.1'), fc.ipV4(), fc.ipV6(), headerText)

const headerOf: Readonly<Record<string, Arbitrary<string>>> = {
  Authorization: credentials,
  'X-Ticket-Secret': fc.oneof(fc.constantFrom('{pending secret}', '{confirmed secret}', '{victim scanned}', 'Ticket {pending secret}', '', 'A'.repeat(43)), headerText),
  Cookie: cookies,
  Origin: fc.oneof(fc.constantFrom('https://login.example.com', 'https://evil.example', 'null', '', 'https://shop.example', 'https://login.example.com.evil.example'), headerText),
  'Sec-Fetch-Site': fc.oneof(fc.constantFrom('same-origin', 'same-site', 'cross-site', 'none', ''), headerText),
  'Content-Encoding': fc.constantFrom('gzip', 'br', 'deflate', 'identity', 'x'),
  'X-Forwarded-For': addresses,
  'X-Forwarded-Host': fc.constantFrom('evil.example', 'evil.example, login.example.com', '', '@'),
  'X-Forwarded-Proto': fc.constantFrom('http', 'https', 'javascript', 'http, https', ''),
  'X-Forwarded-Uri': fc.oneof(fc.constantFrom('/orders?a=b', '//evil.example/', '/%0d%0aX: y', '*', '', `/${'&'.repeat(9000)}`), headerText),
  'X-Forwarded-Method': fc.constantFrom('GET', 'POST', 'x', ''),
  'X-Original-URL': fc.oneof(fc.constantFrom('https://login.example.com/orders?a=b', 'https://evil.example/', 'https://login.example.com@evil.example/', 'https://', '/'), headerText),
  'Sec-Fetch-Mode': fc.constantFrom('navigate', 'cors', ''),
  'X-Real-IP': addresses,
  Forwarded: fc.oneof(fc.constantFrom('for=203.0.113.9;host=evil.example;proto=http', 'for="[::1]"', 'for=;;;='), headerText),
  'User-Agent': headerText,
  Accept: headerText,
  'Accept-Encoding': fc.oneof(fc.constantFrom('gzip', 'br;q=0', 'identity;q=0, *;q=0', '*', 'x'), headerText),
  'If-None-Match': fc.oneof(fc.constantFrom('*', '"x"', 'W/""'), headerText),
  Range: fc.constantFrom('bytes=0-1', 'bytes=9999999-', 'bytes=a-b', 'bytes=0-0,2-3,5-', 'x'),
  'X-HTTP-Method-Override': fc.constantFrom('DELETE', 'PUT'),
  'X-Request-Id': headerText,
  'Access-Control-Request-Method': fc.constantFrom('POST', 'DELETE', 'x'),
  Expect: fc.constantFrom('x', '100-continue-not'),
  Upgrade: fc.constantFrom('websocket', 'h2c'),
  'Content-Digest': headerText,
  'Signature-Input': fc.oneof(fc.constant('sig1=("@method" "@authority" "@path" "@query" "content-digest");created=1;nonce="AAAAAAAAAAAAAAAA";keyid="{victim key}";alg="hmac-sha256";tag="scan-login"'), headerText),
  Signature: fc.oneof(fc.constant(`sig1=:${'A'.repeat(43)}=:`), headerText),
}
const someHeaders = fc.array(fc.constantFrom(...Object.keys(headerOf)).chain((name) => (headerOf[name] as Arbitrary<string>).map((value) => [name, value] as const)), { maxLength: 4 }) // a key of the object itself

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY', 'PROPFIND']

/** Fills a path template with ids. */
const targets = (path: string): Arbitrary<string> => {
  const parts = path.split(/(\{\w+\})/)
  return fc.tuple(...parts.map((part) => part.startsWith('{') ? ids : fc.constant(part))).map((texts) => texts.join(''))
}

const isSigned = ({ path }: Operation): boolean => /^\/api\/phone\/(?!login)/.test(path)

/** Credentials: mostly valid ones, so that requests get past authentication. */
const callers = ({ path, method }: Operation): Arbitrary<HostileRequest['headers']> => {
  const valid: HostileRequest['headers'] = path.startsWith('/api/session')
    ? [['Cookie', '{cookie}'], ...(method === 'GET' ? [] : [['Sec-Fetch-Site', 'same-origin'] as const])]
    : path.startsWith('/api/tickets/') ? [['Authorization', path.endsWith('/consume') ? 'Ticket {confirmed secret}' : 'Ticket {pending secret}']] : []
  return fc.oneof({ weight: 3, arbitrary: fc.constant(valid) }, { weight: 1, arbitrary: fc.constant([]) })
}

const requestsTo = (operation: Operation): Arbitrary<HostileRequest> => fc.record({
  method: fc.oneof({ weight: 9, arbitrary: fc.constant(operation.method) }, { weight: 1, arbitrary: fc.constantFrom(...methods) }),
  path: targets(operation.path),
  query: fc.oneof({ weight: 2, arbitrary: fc.constant('') }, { weight: 1, arbitrary: queries(operation.query) }),
  caller: callers(operation),
  type: fc.oneof({ weight: 5, arbitrary: fc.constant('application/json') }, { weight: 1, arbitrary: mediaTypes }),
  headers: fc.oneof({ weight: 1, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: someHeaders }),
  body: fc.oneof({ weight: operation.body === undefined ? 4 : 0, arbitrary: fc.constant(Buffer.alloc(0)) }, { weight: 2, arbitrary: bodiesFor(operation.body) }),
  signature: isSigned(operation)
    ? fc.oneof({ weight: 8, arbitrary: fc.constant('right' as const) }, { weight: 2, arbitrary: fc.constantFrom<Signature[]>('of other bytes', 'garbage', 'none') })
    : fc.constant('none' as const),
}).map(({ path, query, caller, type, headers, ...rest }) => ({
  ...rest,
  operation,
  target: `${path}${query}`,
  headers: [...caller, ...(rest.body.length > 0 ? [['Content-Type', type] as const] : []), ...headers],
}))

/** Requests to all routes, each equally often. */
export const hostileRequests = (operations: readonly Operation[]): Arbitrary<HostileRequest> => {
  const others = otherPaths.map((path): Operation => ({ method: 'GET', path, query: [], body: undefined, successes: { GET: [200, 206, 302, 304] } }))
  return fc.oneof(
    { weight: operations.length, arbitrary: fc.constantFrom(...operations).chain(requestsTo) },
    { weight: 4, arbitrary: fc.constantFrom(...others).chain(requestsTo) },
  )
}
