/** What the doctor says about http beside PUBLIC_URL. On ports of the system, at an address that no other test has. */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import t, { type Test } from 'tap'
import { checkPublicUrl } from '../../src/commands/doctor/check-public-url.ts'
import { findingsOf, openDoctorService } from '../support/doctor-service.ts'

if (process.getuid?.() !== 0) throw new Error('this test needs root, to listen on ports 80 and 443')

const address = '127.0.77.1'

const listenAt = async (t: Test, port: number, answer: RequestListener): Promise<void> => {
  const server = createServer(answer).listen(port, address)
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
}

for (const [what, answer, status, text] of [
  ['is closed', null, 'ok', /^http:\/\/127\.0\.77\.1\/ is closed: /],
  ['leads to https', (_request, response) => { response.writeHead(301, { location: `https://${address}/login` }).end() }, 'ok', /^http:\/\/127\.0\.77\.1\/ leads to https:\/\/127\.0\.77\.1$/],
  ['shows a page', (_request, response) => { response.end('Welcome') }, 'not-checked', /^http:\/\/127\.0\.77\.1\/ answers 200 and does not lead to https\. .+ return 301 /],
] satisfies ReadonlyArray<readonly [string, RequestListener | null, string, RegExp]>) {
  await t.test(`doctor plain http: it is noted, and is no fault, when port 80 ${what}`, async (t) => {
    await listenAt(t, 443, () => {}) // speaks no TLS, which is another matter
    if (answer !== null) await listenAt(t, 80, answer)
    const { env } = await openDoctorService(t, { PUBLIC_URL: `https://${address}` })
    t.match((await findingsOf(checkPublicUrl, env)).at(-1), { status, text })
  })
}
