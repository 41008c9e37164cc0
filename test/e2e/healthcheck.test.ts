// `npm run healthcheck`: the service's own settings lead to it.
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { listen } from '../support/listen.ts'
import { makeFolder, openDeployment, run, type ProcessExit } from '../support/service-process.ts'

const read = (file: string): string => readFileSync(join(import.meta.dirname, '../..', file), 'utf8')

const check = async (t: Test, folder: string, env: Readonly<Record<string, string>> = {}, ...args: readonly string[]): Promise<ProcessExit> =>
  await run(t, { script: 'src/commands/healthcheck.ts', folder, env, args }).ended

for (const [host, reached] of [['', '127.0.0.1'], ['::', '127.0.0.1'], ['0.0.0.0', '127.0.0.1'], ['127.0.0.1', '127.0.0.1'], ['localhost', '127.0.0.1'], ['::1', '[::1]']] as const) {
  await t.test(`healthcheck: it finds the service when HOST is ${host === '' ? 'not set' : host}, PUBLIC_URL has a path and both are in .env`, async (t) => {
    const deployment = await openDeployment(t)
    const settings = { HOST: host, PORT: String(deployment.port), PUBLIC_URL: `http://localhost:${deployment.port}/sign/in` }
    const service = run(t, { folder: deployment.folder, env: { ...settings, WECHAT_APPID: deployment.simulator.appid, WECHAT_SECRET: deployment.simulator.secret, WECHAT_API_URL: deployment.simulator.url } })
    while (!service.stdout().includes('/login')) await Promise.race([service.ended.then(({ stderr }) => { throw new Error(stderr) }), sleep(20)])
    writeFileSync(join(deployment.folder, '.env'), Object.entries(settings).map(([name, value]) => `${name}=${value}\n`).join(''))
    const url = `http://${reached}:${deployment.port}/sign/in/health/live`
    t.hasStrict(await check(t, deployment.folder), { code: 0, stdout: `${url} answers: the service is alive\n`, stderr: '' })
    const { code, stdout } = await check(t, deployment.folder, {}, '--json')
    t.equal(code, 0)
    t.strictSame(JSON.parse(stdout), { ok: true, url, status: 200, error: null })
  })
}

await t.test('healthcheck: it asks for less time than the image gives it, and reads no secret', async (t) => {
  const [, seconds] = /^HEALTHCHECK .*--timeout=(\d+)s /m.exec(read('Dockerfile')) ?? []
  const [, milliseconds] = /answerWithinMs = (\d+)/.exec(read('src/commands/healthcheck.ts')) ?? []
  t.ok(Number(seconds) * 1000 - Number(milliseconds) >= 3000, 'Node.js starts in the rest, on a busy machine, too')
  const deployment = await openDeployment(t)
  await deployment.start()
  t.hasStrict(await check(t, deployment.folder, { HOST: '127.0.0.1', PORT: String(deployment.port), WECHAT_SECRET_FILE: '/run/secrets/none' }), { code: 0, stderr: '' })
})

await t.test('healthcheck: it fails with one line when nothing, or another program, listens there, and when a setting is wrong', async (t) => {
  const folder = makeFolder(t)
  const other = await listen(t, createServer((_request, response) => { response.writeHead(404).end() }))
  const url = `${other}/health/live`
  t.hasStrict(await check(t, folder, { PORT: new URL(other).port }), { code: 1, stdout: '', stderr: `scan-login: ${url} answers 404: another program may listen there\n` })
  const unused = '1' // below those that listeners get
  const silentUrl = `http://127.0.0.1:${unused}/health/live`
  t.hasStrict(await check(t, folder, { PORT: unused }), { code: 1, stdout: '', stderr: `scan-login: ${silentUrl} does not answer: connect ECONNREFUSED 127.0.0.1:${unused}. Is the service running, with these settings?\n` })
  const { code, stdout } = await check(t, folder, { PORT: unused }, '--json')
  t.equal(code, 1)
  t.hasStrict(JSON.parse(stdout), { ok: false, url: silentUrl, status: null })
  t.hasStrict(await check(t, folder, { PORT: 'x' }), { code: 1, stdout: '', stderr: 'scan-login: PORT must be a whole number from 0 to 65535\n' })
  t.match(await check(t, folder, { PORT: '0' }), { code: 1, stderr: /^scan-login: PORT is 0, [^\n]+\n$/ })
  t.match(await check(t, folder, {}, '--what'), { code: 1, stderr: /^scan-login: usage: / })
  t.match(await check(t, folder, {}, '--help'), { code: 0, stdout: /^npm run healthcheck/ })
})
