/** The doctor beside a running service: which one it is, and what differs. */
import { rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import t from 'tap'
import type { ServiceAnswer } from '../../src/commands/doctor/ask-service.ts'
import { checkService } from '../../src/commands/doctor/check-service.ts'
import { publicServiceFinding } from '../../src/commands/doctor/public-service-finding.ts'
import { makeKeyFile } from '../../src/sessions/key-file.ts'
import { ownVersion } from '../../src/version.ts'
import { codesOf, doctorContext, findingsOf, openDoctorService } from '../support/doctor-service.ts'
import { listen } from '../support/listen.ts'
import { makeFolder } from '../support/service-process.ts'

await t.test('doctor service: all is right when the service runs with the doctor\'s settings, also below a path', async (t) => {
  for (const path of ['', '/sign/in']) {
    const { env, port } = await openDoctorService(t, { PUBLIC_URL: `http://localhost:3000${path}` })
    const findings = await findingsOf(checkService, env)
    t.strictSame(codesOf(findings), [])
    t.match(findings[0]?.text, new RegExp(`^it answers at http://127\\.0\\.0\\.1:${port}${path}, knows the keys in `))
  }
})

await t.test('doctor service: settings that have changed since the start are named, and their values are not', async (t) => {
  const { env } = await openDoctorService(t)
  const findings = await findingsOf(checkService, { ...env, TRUST_PROXY: '10.0.0.7', WEBHOOK_URL: 'https://hooks.example.com', WEBHOOK_SECRET: `whsec_${'A1b2'.repeat(11)}` })
  t.hasStrict(findings.slice(1), [{ status: 'warning', code: 'service-settings-changed' }])
  t.equal(findings[1]?.text, 'the service was started with another TRUST_PROXY, WEBHOOK_URL, WEBHOOK_SECRET than the doctor reads')
  const moved = await findingsOf(checkService, { ...env, PUBLIC_URL: `${env.PUBLIC_URL}/moved` })
  t.hasStrict(moved, [{ status: 'failure', code: 'service-settings-changed' }])
  t.match(moved[0]?.text, / isn't below \/moved, the path of PUBLIC_URL /)
})

await t.test('doctor service: a service that isn\'t there, another program, other keys and PORT=0 are told apart', async (t) => {
  const { env } = await openDoctorService(t)
  t.hasStrict(await findingsOf(checkService, { ...env, PORT: '1' }), [{ status: 'failure', code: 'service-not-running', text: 'nothing answers at http://127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1' }])
  t.hasStrict(await findingsOf(checkService, { ...env, PORT: '0' }), [{ status: 'warning', code: 'service-port-random' }])

  const other = await listen(t, createServer((_request, response) => { response.end('Welcome') }))
  t.hasStrict(await findingsOf(checkService, { ...env, PORT: new URL(other).port }), [{ status: 'failure', code: 'service-other-program', text: `another program answers at ${other}, with status 200` }])

  const keys = join(makeFolder(t), 'keys.json')
  makeKeyFile(keys)
  t.hasStrict(await findingsOf(checkService, { ...env, KEYS_FILE: keys }), [{ status: 'failure', code: 'service-other-keys' }])
  writeFileSync(keys, '{}')
  t.strictSame(codesOf(await findingsOf(checkService, { ...env, KEYS_FILE: keys })), ['not-checked'])
  rmSync(keys)
  t.strictSame(codesOf(await findingsOf(checkService, { ...env, KEYS_FILE: keys })), ['not-checked'])
})

await t.test('doctor service: another release is named when it still runs', async (t) => {
  const { env } = await openDoctorService(t)
  const answerAsBefore = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const answer = await fetch(`http://127.0.0.1:${env.PORT}${request.url}`, { headers: { 'x-doctor': String(request.headers['x-doctor']) } })
    response.setHeader('content-type', 'application/json').end((await answer.text()).replace(`"version":"${ownVersion()}"`, '"version":"0.0.9"'))
  }
  const before = createServer((request, response) => { answerAsBefore(request, response).catch(() => response.destroy()) })
  const findings = await findingsOf(checkService, { ...env, PORT: new URL(await listen(t, before)).port })
  t.ok(codesOf(findings).includes('service-other-version'))
  t.equal(findings[1]?.text, `the service that runs is version 0.0.9, the doctor is version ${ownVersion()}`)
})

await t.test('doctor service: a program that takes a call and never answers ends the wait', async (t) => {
  const { env } = await openDoctorService(t)
  const silent = await listen(t, createServer(() => {}))
  const findings = await findingsOf(checkService, { ...env, PORT: new URL(silent).port })
  t.hasStrict(findings, [{ code: 'service-not-running', text: `something has the port of ${silent} and gives no answer: no answer within 5 s` }])
})

await t.test('doctor service: what is wrong at the service itself is not named once more at PUBLIC_URL, and what is wrong with the proxy is', (t) => {
  const context = doctorContext({ PUBLIC_URL: 'https://login.example.com' })
  const through = (status: number | null, local: ServiceAnswer, text = ''): string => {
    const answer = status === null ? { status, error: 'no answer within 10 s', tookMs: 1 } : { status, headers: {}, text, localAddress: '', tookMs: 1 }
    return codesOf([publicServiceFinding({ state: 'other', answer }, local, context)]).join()
  }
  const url = 'http://127.0.0.1:3000'
  const notFound = JSON.stringify({ type: 'urn:scan-login:problem:not-found' })
  const down = { state: 'silent', url, error: 'connect ECONNREFUSED', isTaken: false } as const
  const hanging = { ...down, error: 'no answer within 5 s', isTaken: true } as const
  t.strictSame([
    through(502, down), through(null, hanging), through(504, hanging), through(404, { state: 'other-program', url, status: 404 }), through(404, { state: 'other-keys', url }, notFound), through(404, { state: 'other-path', url }, notFound),
  ], Array.from({ length: 6 }, () => 'not-checked'))
  t.strictSame([
    through(403, down), through(null, down), through(404, down, notFound), through(404, { state: 'other-keys', url }), through(502, { state: 'other-keys', url }), through(200, { state: 'other-program', url, status: 404 }),
  ], ['public-url-refused', 'public-url-no-answer', 'public-url-other-service', 'public-url-other-service', 'public-url-no-upstream', 'public-url-other-service'])
  t.end()
})
