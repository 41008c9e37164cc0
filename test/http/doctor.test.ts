/** `/api/doctor`: what it tells the doctor, and that it is a path like any unknown one to everybody else. */
import { createSecretKey } from 'node:crypto'
import t from 'tap'
import { settingNames } from '../../src/config.ts'
import { doctorKey, doctorProof, settingMarks } from '../../src/domain/doctor-proof.ts'
import { newId } from '../../src/domain/ids.ts'
import { generateKeys } from '../../src/sessions/key-set.ts'
import { ownVersion } from '../../src/version.ts'
import { verdict } from '../support/login.ts'
import { seededBytes } from '../support/seeded-random.ts'
import { openTestService, type Answer, type Call } from '../support/test-service.ts'

const keys = generateKeys()
const key = doctorKey(keys.cookie)
const path = '/api/doctor'
const noLimits = { LIMIT_GUESS: '100000' }

await t.test('doctor: the service tells how a call arrived when it has a proof', async (t) => {
  const service = await openTestService(t, { keys, env: { TRUST_PROXY: '10.0.0.7', MAX_WAIT: '7' } })
  for (const method of ['GET', 'POST', 'PUT', 'DELETE'] as const) {
    const nonce = newId(seededBytes)
    const headers = { 'x-doctor': doctorProof(key, { now: service.clock.now(), nonce, method }), 'x-forwarded-for': '198.51.100.3, 203.0.113.5', authorization: 'Doctor test' }
    const answer = await service.call({ method, path: `${path}?n=${nonce}`, headers, from: '10.0.0.7', ...method !== 'GET' && method !== 'DELETE' && { body: {} } })
    t.equal(answer.status, 200, method)
    t.strictSame(answer.json, {
      nonce,
      version: ownVersion(),
      method,
      peer: '10.0.0.7',
      is_peer_trusted: true,
      x_forwarded_for: '198.51.100.3, 203.0.113.5',
      address: '203.0.113.5',
      has_authorization: true,
      user: { uid: process.getuid?.() ?? null, gid: process.getgid?.() ?? null },
      settings: settingMarks(key, service.config, settingNames),
    })
    t.equal(answer.headers['cache-control'], 'no-store')
    t.equal(answer.headers['set-cookie'], `__Host-scan_login_doctor=${nonce}; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax`)
  }
  const [nonce, now] = [newId(seededBytes), service.clock.now()]
  const plain = await service.call({ path, headers: { 'x-doctor': doctorProof(key, { now, nonce, method: 'GET' }) }, from: '10.0.0.8' })
  t.hasStrict(plain.json, { peer: '10.0.0.8', is_peer_trusted: false, x_forwarded_for: null, address: '10.0.0.8', has_authorization: false })
})

await t.test('doctor: no method tells a stranger that the path is there', async (t) => {
  const service = await openTestService(t, { keys, env: noLimits })
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'] as const) {
    const [here, nowhere] = await Promise.all([path, '/api/doctox'].map(async (url) => {
      const { statusCode, headers } = await service.app.inject({ method: method as 'GET', url }) // light-my-request sends any method
      return { statusCode, names: Object.keys(headers).sort() }
    }))
    t.strictSame(here, nowhere, method)
  }
})

await t.test('doctor: marks of settings differ by value and by name, tell no value, and are others under another key', async (t) => {
  const marks = settingMarks(key, { A: 'secret', B: 'secret', C: ['x'] }, ['A', 'B', 'C'])
  t.strictSame(Object.keys(marks), ['A', 'B', 'C'])
  t.not(marks.A, marks.B)
  t.notOk(JSON.stringify(marks).includes('secret'))
  t.strictSame(settingMarks(key, { A: 'secret' }, ['A']), { A: marks.A })
  t.not(settingMarks(key, { A: 'other' }, ['A']).A, marks.A)
  t.not(settingMarks(doctorKey(generateKeys().cookie), { A: 'secret' }, ['A']).A, marks.A)
})

await t.test('doctor: without a valid proof the path is answered exactly as an unknown one', async (t) => {
  const service = await openTestService(t, { keys, env: noLimits })
  const nonce = newId(seededBytes)
  const now = service.clock.now()
  const good = doctorProof(key, { now, nonce, method: 'GET' })
  const [time = '', , mac = ''] = good.split('.')
  const proofs: Record<string, string | undefined> = {
    none: undefined,
    empty: '',
    'no proof': 'Bearer x',
    'another key': doctorProof(doctorKey(generateKeys().cookie), { now, nonce, method: 'GET' }),
    'the cookie key itself': doctorProof(createSecretKey(keys.cookie), { now, nonce, method: 'GET' }),
    'the subject key': doctorProof(doctorKey(keys.subject), { now, nonce, method: 'GET' }),
    'another nonce': `${time}.${newId(seededBytes)}.${mac}`,
    'another time': `${Number(time) + 1}.${nonce}.${mac}`,
    'another method': doctorProof(key, { now, nonce, method: 'POST' }),
    'two proofs': `${good}, ${good}`,
    'more behind it': `${good}.`,
    'a minute old': doctorProof(key, { now: now - 60_001, nonce, method: 'GET' }),
    'a minute too early': doctorProof(key, { now: now + 60_001, nonce, method: 'GET' }),
  }
  const wordsOf = ({ status, json, headers: { date, ...headers } }: Answer) => ({ status, headers, body: { ...json, request_id: '' } })
  for (const [what, proof] of Object.entries(proofs)) {
    const call = (at: string): Promise<Answer> => service.call({ path: at, ...proof !== undefined && { headers: { 'x-doctor': proof } } })
    const answer = await call(path)
    t.equal(verdict(answer), '404 not-found', what)
    t.strictSame(wordsOf(answer), wordsOf(await call('/api/nothing')), what)
  }
  for (const call of [{ method: 'HEAD' }, { method: 'POST', body: '{' }, { method: 'PUT', body: 'x', headers: { 'content-type': 'text/plain' } }, { method: 'DELETE' }, { method: 'POST', headers: { origin: 'https://evil.example' } }, { headers: { accept: 'text/html', 'sec-fetch-mode': 'navigate' } }] satisfies Array<Omit<Call, 'path'>>) {
    t.strictSame(wordsOf(await service.call({ ...call, path })), wordsOf(await service.call({ ...call, path: '/api/nothing' })), JSON.stringify(call))
  }
  t.equal((await service.call({ path, headers: { 'x-doctor': good } })).status, 200)
  t.equal((await service.call({ path, headers: { 'x-doctor': good } })).status, 200, 'again: nothing is kept of it')
  for (const at of [now - 60_000, now + 60_000]) t.equal((await service.call({ path, headers: { 'x-doctor': doctorProof(key, { now: at, nonce, method: 'GET' }) } })).status, 200)
})

await t.test('doctor: guesses of a proof count as guesses, and proofs do not', async (t) => {
  const service = await openTestService(t, { keys, env: { LIMIT_GUESS: '3' } })
  const verdicts: string[] = []
  for (let i = 0; i < 5; i++) verdicts.push(verdict(await service.call({ path, headers: { 'x-doctor': 'x' }, from: '203.0.113.5' })))
  t.strictSame(verdicts, [...Array<string>(3).fill('404 not-found'), ...Array<string>(2).fill('429 rate-limited')])
  const headers = { 'x-doctor': doctorProof(key, { now: service.clock.now(), nonce: newId(seededBytes), method: 'GET' }) }
  for (let i = 0; i < 5; i++) t.equal((await service.call({ path, headers, from: '203.0.113.5' })).status, 200)
  t.strictSame((await service.call({ path: '/openapi.json' })).json.paths['/api/doctor'], undefined, 'it is for no other program')
})
