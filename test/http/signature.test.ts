/** The signature of the phone's calls, by src/http/README.md, "API": what is accepted, and that everything else is refused with the same answer. */
import { createHash } from 'node:crypto'
import { request } from 'node:http'
import { createSigner, httpbis } from 'http-message-signatures'
import t from 'tap'
import { verifyPhoneSignature } from '../../src/http/phone-signature.ts'
import type { Store } from '../../src/login/store-port.ts'
import { generateKeys } from '../../src/sessions/key-set.ts'
import { createPhoneKeys } from '../../src/stores/phone-keys.ts'
import { createStore } from '../../src/stores/store.ts'
import { openBrowser, type PhoneKeyAnswer } from '../support/clients.ts'
import { craftSignature, freshNonce, profileComponents, profileParameters, type Craft } from '../support/craft-signature.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { openTestService, type Answer, type Call, type TestService } from '../support/test-service.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { phoneOf, verdict } from '../support/login.ts'

const noLimits = { LIMIT_CREATE: '100000', LIMIT_GUESS: '100000', LIMIT_PHONE: '100000' }
const seconds = (service: TestService): number => Math.floor(service.clock.now() / 1000)

const vectors = [
  {
    call: { method: 'POST', path: '/api/phone/tickets/AbCdEfGhIjKlMnOpQrStUv/confirm', body: '{"match_code":"47"}' },
    digest: 'DFPSJPIdfOoSDwKP+IbkaXxuSJYAnnZRf80FFegU8PI=',
    created: 1770000000,
    nonce: 'AAECAwQFBgcICQoLDA0ODw',
    signature: 'o8CibBXLzSEl58C7iqT0NBwIsYDWD+GdOA4z1z7Cglk=',
    overHttp: '404 ticket-not-found',
  },
  {
    call: { method: 'POST', path: '/api/phone/tickets/AbCdEfGhIjKlMnOpQrStUv/scan', body: '{"device":"微信"}' },
    digest: 'idmjBTFsW26R7M7iXPkfkMFAG46oeay2bwT4wuLl38I=',
    created: 1770000000,
    nonce: 'EBESExQVFhcYGRobHB0eHw',
    signature: 'I7U7t0Gkolv1nFIv/abGjoFrw31cPxBEIVgDnOSqPt4=',
    overHttp: '404 ticket-not-found',
  },
  {
    call: { method: 'GET', path: '/api/phone/sessions?limit=10&after=a%20b' },
    digest: '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
    created: 1770000001,
    nonce: 'ICEiIyQlJicoKSorLC0uLw',
    signature: 'b9OW2XCBEpfJe9WPs6NgZa7c6XNi5rB+cmITp/xgzwE=',
    overHttp: '200',
  },
] as const

const vectorKey = { id: 'key_0001', key: Buffer.from(Array.from({ length: 32 }, (_, byte) => byte)).toString('base64url'), sub: 'somebody', expiresAt: 1770080000_000 }

const vectorHeaders = ({ digest, created, nonce, signature }: typeof vectors[number]): Record<string, string> => ({
  'content-digest': `sha-256=:${digest}:`,
  'signature-input': `sig1=("@method" "@authority" "@path" "@query" "content-digest");created=${created};nonce="${nonce}";keyid="key_0001";alg="hmac-sha256";tag="scan-login"`,
  signature: `sig1=:${signature}:`,
})

for (const [index, vector] of vectors.entries()) {
  await t.test(`signature: test vector ${index + 1} is accepted by the verifier itself`, async (t) => {
    const clock = createFakeClock(1770000000_000)
    const store = createStore('sqlite::memory:', { clock, log: createRecordingLog() })
    t.teardown(() => store.close())
    const phoneKeys = createPhoneKeys(store, { clock, sealingKey: Buffer.alloc(32) })
    await phoneKeys.add(vectorKey)
    const request = {
      method: vector.call.method,
      target: vector.call.path,
      body: Buffer.from('body' in vector.call ? vector.call.body : ''),
      headers: vectorHeaders(vector),
    }
    t.equal((await verifyPhoneSignature(request, { phoneKeys, clock, authority: 'login.example.com' })).sub, 'somebody')
    await t.rejects(verifyPhoneSignature(request, { phoneKeys, clock, authority: 'login.example.com' }), { code: 'replayed' })
    await t.rejects(verifyPhoneSignature(request, { phoneKeys, clock, authority: 'www.example.com' }), { code: 'signature-invalid' })
  })
}

await t.test('signature: the test vectors are accepted over HTTP', async (t) => {
  const keys = generateKeys()
  const service = await openTestService(t, { keys, clock: createFakeClock(1770000000_000) })
  await createPhoneKeys(service.store, { clock: service.clock, sealingKey: keys.cookie }).add(vectorKey)
  for (const vector of vectors) {
    t.equal(verdict(await service.call({ ...vector.call, headers: vectorHeaders(vector) })), vector.overHttp)
    t.equal(verdict(await service.call({ ...vector.call, headers: vectorHeaders(vector) })), '401 replayed')
  }
})

await t.test('signature: that of an independent RFC 9421 library is accepted when it follows the profile', async (t) => {
  for (const publicUrl of ['https://login.example.com', 'https://example.com:8443/sign/in', 'http://localhost:3000']) {
    const service = await openTestService(t, { env: { PUBLIC_URL: publicUrl } })
    const { key } = await phoneOf(service)
    const calls: Array<Required<Pick<Call, 'method' | 'path'>> & { body?: string }> = [
      { method: 'GET', path: '/api/phone/sessions' },
      { method: 'GET', path: '/api/phone/sessions?limit=10&after=a%20b&x=%E5%BE%AE' },
      { method: 'PUT', path: '/api/phone/profile', body: '{"name":"小明 🦊"}' },
      { method: 'DELETE', path: '/api/phone/sessions', body: '{}' },
      { method: 'DELETE', path: '/api/phone/sessions', body: 'null' },
      { method: 'DELETE', path: '/api/phone/sessions' },
    ]
    for (const { method, path, body } of calls) {
      const digest = createHash('sha256').update(body ?? '').digest('base64')
      const signed = await httpbis.signMessage({
        key: createSigner(Buffer.from(key.key, 'base64url'), 'hmac-sha256', key.key_id),
        name: 'sig1',
        fields: ['@method', '@authority', '@path', '@query', 'content-digest'],
        params: ['created', 'nonce', 'keyid', 'alg', 'tag'],
        paramValues: { created: new Date(service.clock.now()), nonce: freshNonce(), tag: 'scan-login' },
      }, { method, url: `${publicUrl}${path}`, headers: { 'content-digest': `sha-256=:${digest}:` } })
      const answer = await service.call({ method, path: `${service.config.basePath}${path}`, headers: signed.headers as Record<string, string>, body })
      t.equal(answer.status, method === 'DELETE' ? 204 : 200, `${publicUrl} ${method} ${path}: ${answer.text}`)
    }
  }
})

/** A call that changes something when it is accepted. */
const body = '{"name":"Nobody"}'
const rename: Call = { method: 'PUT', path: '/api/phone/profile', body }
const other = (text: string): string => createHash('sha256').update(text).digest('base64')
const without = <T>(list: readonly T[], index: number): T[] => list.filter((_, at) => at !== index)
const doubled = <T>(list: readonly T[], index: number): T[] => list.flatMap((item, at) => at === index ? [item, item] : [item])
const swapped = <T>(list: readonly T[], index: number): T[] => list.map((item, at) => at === index ? list[index + 1] as T : at === index + 1 ? list[index] as T : item)
const replaced = <T>(list: readonly T[], index: number, by: T): T[] => list.map((item, at) => at === index ? by : item)

/** Signatures with the right key that don't follow the profile. */
const crafts = (parameters: readonly string[]): Record<string, Craft> => {
  const [created, nonce, keyid] = parameters as [string, string, string]
  const list = profileComponents.join(' ')
  const tail = parameters.map((parameter) => `;${parameter}`).join('')
  const input = (text: string): Craft => ({ input: text })
  const parameter = (index: number, by: string): Craft => ({ parameters: replaced(parameters, index, by) })
  return {
    ...Object.fromEntries(profileComponents.flatMap((component, index) => [
      [`${component} is left out`, { components: without(profileComponents, index) }],
      [`${component} comes twice`, { components: doubled(profileComponents, index) }],
    ])),
    ...Object.fromEntries([0, 1, 2, 3].map((index) => [`components ${index} and ${index + 1} have changed places`, { components: swapped(profileComponents, index) }])),
    ...Object.fromEntries(['"@scheme"', '"@target-uri"', '"@request-target"', '"content-type"', '"host"', '"@query-param";name="a"'].map((component) => [
      `${component} is signed, too`, { components: [...profileComponents, component] },
    ])),
    'no component is signed': { components: [] },
    'a component has a parameter': { components: replaced(profileComponents, 4, '"content-digest";sf') },
    'a component speaks of the request': { components: replaced(profileComponents, 4, '"content-digest";req') },
    ...Object.fromEntries(parameters.flatMap((text, index) => [
      [`${text.replace(/=.*/, '')} is left out`, { parameters: without(parameters, index) }],
      [`${text.replace(/=.*/, '')} comes twice`, { parameters: doubled(parameters, index) }],
    ])),
    'there are no parameters': { parameters: [] },
    'there is an expires': { parameters: [...parameters, `expires=${created.slice(8)}`] },
    'there is an unknown parameter': { parameters: [...parameters, 'x="1"'] },
    'expires comes instead of tag': parameter(4, 'expires=9999999999'),
    'created is a text': parameter(0, created.replace(/=(.*)/, '="$1"')),
    'created is a decimal': parameter(0, `${created}.0`),
    'created is negative': parameter(0, 'created=-1'),
    'created is no number': parameter(0, 'created=now'),
    'created has no value': parameter(0, 'created'),
    'created is endless': parameter(0, `created=${'9'.repeat(40)}`),
    'created is in milliseconds': parameter(0, `${created}000`),
    'the nonce is short': parameter(1, 'nonce="AAAAAAAAAAAAAAA"'),
    'the nonce is long': parameter(1, `nonce="${'A'.repeat(65)}"`),
    'the nonce is base64': parameter(1, 'nonce="AAAAAAAAAAAA+AAAAAA/"'),
    'the nonce is no string': parameter(1, nonce.replaceAll('"', '')),
    'the nonce is bytes': parameter(1, 'nonce=:AAAAAAAAAAAAAAAAAAAAAA==:'),
    'the nonce is empty': parameter(1, 'nonce=""'),
    'keyid is no string': parameter(2, keyid.replaceAll('"', '')),
    'keyid is empty': parameter(2, 'keyid=""'),
    'keyid has a colon': parameter(2, 'keyid="a:b"'),
    'keyid is long': parameter(2, `keyid="${'A'.repeat(65)}"`),
    'keyid reaches for the prototype': parameter(2, 'keyid="../__proto__"'),
    'alg is another': parameter(3, 'alg="hmac-sha512"'),
    'alg is of public keys': parameter(3, 'alg="ed25519"'),
    'alg is in capitals': parameter(3, 'alg="HMAC-SHA256"'),
    'alg is a token': parameter(3, 'alg=hmac-sha256'),
    'alg is empty': parameter(3, 'alg=""'),
    'tag is another': parameter(4, 'tag="web-bot-auth"'),
    'tag is in capitals': parameter(4, 'tag="Scan-Login"'),
    'tag goes on': parameter(4, 'tag="scan-login2"'),
    'a parameter is in capitals': parameter(0, created.replace('created', 'Created')),
    'the label is sig': { label: 'sig' },
    'the label is sig2': { label: 'sig2' },
    'the label ends in sig1': { label: 'asig1', macLabel: 'sig1' },
    'the label is in capitals': { label: 'Sig1' },
    'the two labels differ': { macLabel: 'sig2' },
    'there is a space before the components': input(`( ${list})${tail}`),
    'there is a space after the components': input(`(${list} )${tail}`),
    'there are two spaces between components': input(`(${list.replace(' ', '  ')})${tail}`),
    'there is a tab between components': input(`(${list.replace(' ', '\t')})${tail}`),
    'there is a space before a parameter': input(`(${list})${tail.replace(';', '; ')}`),
    'there is a space after a parameter': input(`(${list})${tail.replace(';nonce', ' ;nonce')}`),
    'there is a space around an equals sign': input(`(${list})${tail.replace('created=', 'created = ')}`),
    'there is a semicolon at the end': input(`(${list})${tail};`),
    'the parameters begin with two semicolons': input(`(${list});${tail}`),
    'the components are in capitals': input(`(${list.toUpperCase()})${tail}`),
    'the list is no list': input(`${list}${tail}`),
    'the input is longer than any': input(`(${list})${tail};pad="${'A'.repeat(600)}"`),
    'the input is huge': input(`(${list})${tail};pad="${'A'.repeat(8000)}"`),
    'the digest is of other bytes': { digested: '{"name":"nobody"}' },
    'the digest is of the same JSON in other bytes': { digested: '{ "name": "Nobody" }' },
    'the digest is of nothing': { digested: '' },
    'the digest is sha-512': { digest: `sha-512=:${createHash('sha512').update(body).digest('base64')}:` },
    'there are two digests': { digest: `sha-256=:${other(body)}:, sha-512=:${createHash('sha512').update(body).digest('base64')}:` },
    'the digest is given twice': { digest: `sha-256=:${other(body)}:, sha-256=:${other(body)}:` },
    'the digest is base64url': { digest: `sha-256=:${other(body).replaceAll('+', '-').replaceAll('/', '_').replace('=', '')}:` },
    'the digest has no padding': { digest: `sha-256=:${other(body).replace('=', '')}:` },
    'the digest has no colons': { digest: `sha-256=${other(body)}` },
    'the digest is in capitals': { digest: `SHA-256=:${other(body)}:` },
    'the digest has a parameter': { digest: `sha-256=:${other(body)}:;q=1` },
    'the digest is empty': { digest: 'sha-256=::' },
    'the MAC is another': { mac: (mac) => mac.replace(/^./, (first) => first === 'A' ? 'B' : 'A') },
    'the MAC is short': { mac: (mac) => Buffer.from(mac, 'base64').subarray(0, 16).toString('base64') },
    'the MAC is long': { mac: (mac) => Buffer.concat([Buffer.from(mac, 'base64'), Buffer.alloc(1)]).toString('base64') },
    'the MAC is empty': { mac: () => '' },
    'the MAC is base64url': { mac: (mac) => mac.replaceAll('+', '-').replaceAll('/', '_').replace('=', '') },
    'the MAC has no padding': { mac: (mac) => mac.replace('=', '') },
    'the MAC is hexadecimal': { mac: (mac) => Buffer.from(mac, 'base64').toString('hex') },
    'the MAC decodes to the same bytes in another spelling': { mac: (mac) => mac.replace(/(.)=$/, (_all, last: string) => `${spelledOtherwise(last)}=`) },
    'another method was signed': { method: 'POST' },
    'the method was signed in small letters': { method: 'put' },
    'another path was signed': { path: '/api/phone/sessions' },
    'a query was signed that is not sent': { query: 'a=1' },
    'another host was signed': { authority: 'www.example.com' },
    'the host was signed with a port': { authority: 'login.example.com:443' },
    'the host was signed in capitals': { authority: 'LOGIN.example.com' },
    'another key of the same person signed': { key: { key_id: keyid.slice(7, -1), key: Buffer.alloc(32, 7).toString('base64url') } },
  }
}

/** Two bits of the last character before the padding are unused, so the next character encodes the same bytes. */
const spelledOtherwise = (character: string): string => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  return alphabet[alphabet.indexOf(character) + 1] ?? character
}

const wordsOf = ({ status, json, headers }: Answer): unknown => {
  const { date, ...others } = headers
  return { status, headers: others, body: { ...json, request_id: '' } }
}

const refusal = {
  type: 'urn:scan-login:problem:signature-invalid',
  title: 'The signature is missing or wrong',
  status: 401,
  detail: 'The signature is missing or wrong',
  code: 'signature-invalid',
  request_id: '',
}

/** Returns a person's name, as their phone gets it. */
const nameOf = async (service: TestService, sub: string): Promise<string | null> => {
  const login = await service.call({ method: 'POST', path: '/api/phone/login', body: { js_code: service.simulator.jsCode('ming') } })
  if (login.json.user.sub !== sub) throw new Error('somebody else')
  return login.json.user.name as string | null
}

await t.test('signature: the refusal is the same whatever is wrong', async (t) => {
  const service = await openTestService(t, { env: noLimits })
  const phone = await phoneOf(service)
  const now = seconds(service)
  const send = (headers: Record<string, string>, call: Call = rename): Promise<Answer> => service.call({ ...call, headers })
  const bare = await send({})
  t.strictSame((wordsOf(bare) as { body: unknown }).body, refusal)
  const words = wordsOf(bare)

  for (const [what, craft] of Object.entries(crafts(profileParameters(phone.key.key_id, now)))) {
    t.strictSame(wordsOf(await send(craftSignature(rename, phone.key, now, craft))), words, what)
  }

  const good = (): Record<string, string> => craftSignature(rename, phone.key, now)
  for (const header of ['content-digest', 'signature-input', 'signature']) {
    const { [header]: left, ...others } = good()
    t.strictSame(wordsOf(await send(others)), words, `${header} is missing`)
    t.strictSame(wordsOf(await send({ ...good(), [header]: '' })), words, `${header} is empty`)
    t.strictSame(wordsOf(await send({ ...good(), [header]: `${left}, ${left}` })), words, `${header} is joined with itself`)
    t.strictSame(wordsOf(await send({ ...good(), [header]: `${left},` })), words, `${header} has a comma at its end`)
    t.strictSame(wordsOf(await send({ ...good(), [header]: `${left}${'A'.repeat(9000)}` })), words, `${header} is huge`)
  }
  const [one, two] = [good(), craftSignature(rename, phone.key, now, { label: 'sig2' })]
  const joined = (header: string): string => `${one[header]}, ${two[header]}`
  t.strictSame(wordsOf(await send({ ...one, 'signature-input': joined('signature-input'), signature: joined('signature') })), words, 'there are two signatures')
  t.strictSame(wordsOf(await send({ ...one, signature: joined('signature') })), words, 'there are two MACs')
  t.strictSame(wordsOf(await send({ ...one, 'signature-input': joined('signature-input') })), words, 'there are two inputs')

  t.strictSame(wordsOf(await send(good(), { ...rename, body: '{"name":"Nobodx"}' })), words, 'the body was changed')
  t.strictSame(wordsOf(await send(good(), { ...rename, body: `${body} ` })), words, 'a space was added to the body')
  t.strictSame(wordsOf(await send(good(), { ...rename, path: `${rename.path}?a=1` })), words, 'a query was added')
  t.strictSame(wordsOf(await send(good(), { ...rename, path: '/api/phone/%70rofile' })), words, 'the path was escaped')

  const sessions: Call = { path: '/api/phone/sessions?a=1&b=2' }
  for (const path of ['/api/phone/sessions?b=2&a=1', '/api/phone/sessions', '/api/phone/sessions?a=1&b=2&', '/api/phone/sessions?a=%31&b=2']) {
    t.strictSame(wordsOf(await send(craftSignature(sessions, phone.key, now), { path })), words, `the query was changed: ${path}`)
  }
  const ticket = await openBrowser(service)
  const scan: Call = { method: 'POST', path: `/api/phone/tickets/${ticket.ticket}/scan` }
  t.strictSame(wordsOf(await send(craftSignature(scan, phone.key, now), { ...scan, path: scan.path.replace('scan', 'cancel') })), words, 'the verb was changed')
  t.strictSame(wordsOf(await send(craftSignature(scan, phone.key, now, { path: scan.path.replace(ticket.ticket, 'A'.repeat(22)) }), scan)), words, 'the ticket was changed')
  t.equal((await ticket.poll()).json.state, 'pending', 'no refused call changed the ticket')

  const again = await phoneOf(service)
  t.equal(again.sub, phone.sub)
  t.equal((await send(craftSignature(sessions, phone.key, now), sessions)).status, 200, 'the key still works')
  t.equal(await nameOf(service, phone.sub), null, 'no refused call changed the name')
  t.equal((await send(good())).status, 200, 'the same call is accepted when it is signed correctly')
  t.equal(await nameOf(service, phone.sub), 'Nobody')
})

await t.test('signature: it is refused when a header comes twice', async (t) => {
  const service = await openTestService(t)
  const { key } = await phoneOf(service)
  const { port } = new URL(await service.app.listen({ host: '127.0.0.1', port: 0 }))
  const call: Call = { path: '/api/phone/sessions' }
  const send = (twice?: string) => new Promise<number | undefined>((resolve, reject) => {
    const headers = Object.entries(craftSignature(call, key, seconds(service))).map(([name, value]) => [name, name === twice ? [value, value] : value])
    request({ host: '127.0.0.1', port, path: call.path, headers: Object.fromEntries(headers) }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).on('error', reject).end()
  })
  t.equal(await send(), 200)
  for (const header of ['content-digest', 'signature-input', 'signature']) t.equal(await send(header), 401, header)
})

await t.test('signature: it is accepted with the five parameters in any order', async (t) => {
  const service = await openTestService(t)
  const { key } = await phoneOf(service)
  const parameters = profileParameters(key.key_id, seconds(service)).reverse()
  t.equal((await service.call({ ...rename, headers: craftSignature(rename, key, 0, { parameters }) })).status, 200)
})

await t.test('signature: a key that this process remembers is refused with the next call when it was ended elsewhere, and that counts against nobody from then on', async (t) => {
  const asked: string[] = []
  const wrapStore = (store: Store): Store => ({
    ...store,
    countAgainstLimits: async (windows, windowMs) => {
      asked.push('count')
      return await store.countAgainstLimits(windows, windowMs)
    },
  })
  const keys = generateKeys()
  const service = await openTestService(t, { keys, wrapStore })
  const phone = await phoneOf(service)
  t.equal((await phone.sessions()).status, 200)
  // As another instance does, of which this one hears nothing.
  await createPhoneKeys(service.store, { clock: service.clock, sealingKey: keys.cookie }).endAll(phone.sub, null)
  for (const created of [seconds(service), seconds(service) - 500]) {
    asked.length = 0
    t.equal(verdict(await service.call({ ...rename, headers: craftSignature(rename, phone.key, created, {}) })), '401 key-unknown')
  }
  t.strictSame(asked, [], 'the second call was not counted')
  t.equal(verdict(await service.call({ ...rename, headers: craftSignature(rename, phone.key, seconds(service), { digested: 'x' }) })), '401 key-unknown')
})

await t.test('signature: one call of a burst counts, and stores a nonce, when its key was ended elsewhere and this process still remembers it', async (t) => {
  const claimed: string[] = []
  const wrapStore = (store: Store): Store => ({
    ...store,
    claim: async (key, value, ttlMs) => {
      if (key.startsWith('nonce:')) claimed.push(key)
      return await store.claim(key, value, ttlMs)
    },
  })
  const keys = generateKeys()
  const service = await openTestService(t, { keys, wrapStore, env: { LIMIT_PHONE: '4' } })
  const thief = await phoneOf(service)
  t.equal((await thief.sessions()).status, 200)
  await createPhoneKeys(service.store, { clock: service.clock, sealingKey: keys.cookie }).endAll(thief.sub, null)
  service.clock.advance(60_000)
  claimed.length = 0
  const burst = await Promise.all(Array.from({ length: 40 }, () => thief.sessions()))
  t.strictSame(new Set(burst.map(verdict)), new Set(['401 key-unknown']))
  t.equal(claimed.length, 1)
  const owner = await phoneOf(service)
  for (let call = 0; call < 3; call++) t.equal((await owner.sessions()).status, 200, 'their own limit is left to the person')
})

await t.test('signature: calls at once are all accepted, and read their key once each, when the key is in use', async (t) => {
  const read: string[] = []
  const wrapStore = (store: Store): Store => ({
    ...store,
    read: async (key) => {
      if (key.startsWith('phone-key:')) read.push(key)
      return await store.read(key)
    },
  })
  const service = await openTestService(t, { wrapStore })
  const phone = await phoneOf(service)
  read.length = 0
  const answers = await Promise.all(Array.from({ length: 5 }, () => phone.sessions()))
  t.strictSame(answers.map(verdict), Array(5).fill('200'))
  t.equal(read.length, 5)
})

await t.test('signature: a call over the limit asks for its key only, and stores no nonce, when the limit is known to be reached', async (t) => {
  const asked: string[] = []
  const wrapStore = (store: Store): Store => new Proxy(store, {
    get: (target, name: keyof Store) => (...args: unknown[]) => {
      asked.push(name)
      return (target[name] as (...args: unknown[]) => unknown)(...args)
    },
  })
  const service = await openTestService(t, { env: { LIMIT_PHONE: '1' }, wrapStore })
  const phone = await phoneOf(service)
  t.equal((await phone.sessions()).status, 200)
  t.equal((await phone.sessions()).status, 429)
  asked.length = 0
  t.equal((await phone.scan('A'.repeat(22))).status, 429)
  t.strictSame(asked, ['read'])
})

await t.test('signature: the first failing check decides when more than one thing is wrong', async (t) => {
  const service = await openTestService(t, { env: noLimits })
  const { key } = await phoneOf(service)
  const now = seconds(service)
  const nobody: PhoneKeyAnswer = { key_id: 'A'.repeat(22), key: key.key }
  const forged: Craft = { mac: (mac) => mac.replace(/^./, (first) => first === 'A' ? 'B' : 'A') }
  const send = async (created: number, craft: Craft = {}, call: Call = rename): Promise<string> =>
    verdict(await service.call({ ...call, headers: craftSignature(call, key, created, craft) }))
  const signed = (nonce: string, created = now): Craft => ({ parameters: profileParameters(key.key_id, created, nonce) })

  t.equal(await send(now - 500, forged), '401 signature-invalid', 'MAC before clock')
  t.equal(await send(now - 500, { digested: 'x' }), '401 signature-invalid', 'digest before clock')
  t.equal(await send(now - 500), '401 clock-skew')
  t.equal(await send(now, { key: nobody }), '401 key-unknown')
  t.equal(await send(now - 500, { key: nobody }), '401 key-unknown', 'key before clock')
  t.equal(await send(now, { ...forged, key: nobody }), '401 key-unknown')
  t.equal(await send(now, { key: nobody, digested: 'x' }), '401 key-unknown', 'key before digest')
  t.equal(await send(now, { key: nobody, digest: 'sha-256=x' }), '401 signature-invalid', 'form before key')

  const [used, unused, ahead] = [freshNonce(), freshNonce(), freshNonce()]
  t.equal(await send(now, signed(used)), '200')
  t.equal(await send(now, signed(used)), '401 replayed')
  t.equal(await send(now, { ...signed(used), ...forged }), '401 signature-invalid', 'MAC before nonce')
  t.equal(await send(now, signed(used, now - 500)), '401 clock-skew', 'clock before nonce')
  t.equal(await send(now, signed(used), { path: '/api/phone/sessions' }), '401 replayed', 'for another call, too')

  t.equal(await send(now, { ...signed(unused), ...forged }), '401 signature-invalid')
  t.equal(await send(now, { ...signed(unused), digested: 'x' }), '401 signature-invalid')
  t.equal(await send(now, signed(unused)), '200', 'no call that this key didn\'t sign burns a nonce')
  t.equal(await send(now, signed(ahead, now + 500)), '401 clock-skew')
  t.equal(await send(now, signed(ahead)), '401 replayed', 'but a valid MAC uses up its nonce, at any time')

  const unknown: Call = { method: 'POST', path: `/api/phone/tickets/${'A'.repeat(22)}/scan` }
  t.equal(await send(now, signed('ABCDEFGHIJKLMNOP'), unknown), '404 ticket-not-found')
  t.equal(await send(now, signed('ABCDEFGHIJKLMNOP'), unknown), '401 replayed', 'nonce before ticket')
  t.equal(await send(now, {}, { ...rename, body: '{"name":' }), '400 bad-request', 'signature before JSON')
  t.equal(await send(now, forged, { ...rename, body: '{"name":' }), '401 signature-invalid')
  t.equal(await send(now, forged, { ...rename, body: '{"name":1}' }), '401 signature-invalid')
  t.equal(await send(now, {}, { ...rename, body: '{"name":1}' }), '400 bad-request')
})

await t.test('signature: it is accepted from 120 s before to 120 s after its time only', async (t) => {
  const service = await openTestService(t)
  const { key } = await phoneOf(service)
  const now = seconds(service)
  const send = (created: number): Promise<Answer> => service.call({ ...rename, headers: craftSignature(rename, key, created) })
  for (const created of [now - 120, now, now + 120]) t.equal((await send(created)).status, 200, `${created - now}`)
  for (const created of [0, now - 121, now + 121, 999_999_999_999]) {
    const answer = await send(created)
    t.strictSame({ ...answer.json, request_id: '' }, {
      type: 'urn:scan-login:problem:clock-skew',
      title: 'The clock of the phone is off',
      status: 401,
      detail: 'The clock of the phone is off',
      code: 'clock-skew',
      request_id: '',
      server_time: now,
    })
  }
})

await t.test('signature: a nonce is remembered for as long as its signature is fresh', async (t) => {
  const service = await openTestService(t)
  const [one, two] = [await phoneOf(service), await phoneOf(service, 'hong')]
  const nonce = freshNonce()
  const call: Call = { path: '/api/phone/sessions' }
  const headers = craftSignature(call, one.key, 0, { parameters: profileParameters(one.key.key_id, seconds(service) + 120, nonce) })
  t.equal(verdict(await service.call({ ...call, headers })), '200')
  service.clock.advance(240_000)
  t.equal(verdict(await service.call({ ...call, headers })), '401 replayed')
  service.clock.advance(1000)
  t.equal(verdict(await service.call({ ...call, headers })), '401 clock-skew')
  const others = craftSignature(call, two.key, 0, { parameters: profileParameters(two.key.key_id, seconds(service), nonce) })
  t.equal(verdict(await service.call({ ...call, headers: others })), '200', 'another phone may use the same one')
})

await t.test('signature: one call is accepted when twenty equal ones arrive at once', async (t) => {
  const service = await openTestService(t)
  const phone = await phoneOf(service)
  const { ticket } = await openBrowser(service)
  const call: Call = { method: 'POST', path: `/api/phone/tickets/${ticket}/scan` }
  const headers = craftSignature(call, phone.key, seconds(service))
  const verdicts = (await Promise.all(Array.from({ length: 20 }, () => service.call({ ...call, headers })))).map(verdict).sort()
  t.strictSame(verdicts, ['200', ...Array.from({ length: 19 }, () => '401 replayed')])
})

await t.test('signature: a key expires after a day at the latest', async (t) => {
  const service = await openTestService(t)
  const login = await service.call({ method: 'POST', path: '/api/phone/login', body: { js_code: service.simulator.jsCode('ming') } })
  t.equal(login.json.expires_in, 86_400)
  t.equal(login.json.server_time, seconds(service))
  t.equal(Buffer.from(login.json.key, 'base64url').length, 32)
  const call: Call = { path: '/api/phone/sessions' }
  const send = async (): Promise<string> => verdict(await service.call({ ...call, headers: craftSignature(call, login.json, seconds(service)) }))
  service.clock.sleep(86_399_000)
  t.equal(await send(), '200')
  service.clock.advance(1000)
  t.equal(await send(), '401 key-unknown')
})

await t.test('signature: the host is that of PUBLIC_URL when a request names another', async (t) => {
  const service = await openTestService(t, { env: { TRUST_PROXY: '127.0.0.1' } })
  const { key } = await phoneOf(service)
  const call: Call = { path: '/api/phone/sessions' }
  const claims = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http', 'x-forwarded-prefix': '/evil', forwarded: 'host=evil.example' }
  const signed = craftSignature(call, key, seconds(service))
  t.equal((await service.call({ ...call, headers: { ...claims, ...signed } })).status, 200)
  const withClaimedHost = craftSignature(call, key, seconds(service), { authority: 'evil.example' })
  t.equal(verdict(await service.call({ ...call, headers: { ...claims, ...withClaimedHost } })), '401 signature-invalid')
})

await t.test('signature: host, port and path are those of PUBLIC_URL', async (t) => {
  for (const [publicUrl, authority] of [
    ['https://example.com/login', 'example.com'],
    ['https://example.com:8443/login/', 'example.com:8443'],
    ['https://EXAMPLE.com:443/login', 'example.com'],
  ] as const) {
    const service = await openTestService(t, { env: { PUBLIC_URL: publicUrl } })
    const { key } = await phoneOf(service)
    const call: Call = { path: '/login/api/phone/sessions' }
    t.equal((await service.call({ ...call, headers: craftSignature(call, key, seconds(service), { authority }) })).status, 200, publicUrl)
    const short = craftSignature(call, key, seconds(service), { authority, path: '/api/phone/sessions' })
    t.equal(verdict(await service.call({ ...call, headers: short })), '401 signature-invalid', 'the prefix is signed')
  }
})

await t.test('signature: the person is the key\'s when a call names somebody else', async (t) => {
  const service = await openTestService(t)
  const [ming, hong] = [await phoneOf(service), await phoneOf(service, 'hong')]
  const openid = service.simulator.openidOf('hong')
  const answer = await ming.signed({
    method: 'PUT',
    path: `/api/phone/profile?openid=${openid}&sub=${hong.sub}&user_id=${hong.sub}`,
    headers: { 'x-wx-openid': openid, 'x-openid': openid, 'remote-user': hong.sub, 'x-user-id': hong.sub },
    body: { name: 'Ming', sub: hong.sub, openid, phone_number: '13800000000', user: { sub: hong.sub } },
  })
  t.strictSame(answer.json, { user: { sub: ming.sub, name: 'Ming' } })
  const login = await service.call({ method: 'POST', path: `/api/phone/login?openid=${openid}`, headers: { 'x-wx-openid': openid }, body: { js_code: service.simulator.jsCode('hong'), openid: service.simulator.openidOf('ming') } })
  t.strictSame(login.json.user, { sub: hong.sub, name: null })
})
