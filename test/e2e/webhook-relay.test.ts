/** The relay to copy from src/webhook/README.md: a stranger who waits to be let in becomes a message of the chat's robot. */
import { createServer } from 'node:http'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { json } from 'node:stream/consumers'
import { join } from 'node:path'
import t from 'tap'
import { checkWebhook } from '../../src/commands/doctor/check-webhook.ts'
import { openBrowser } from '../support/clients.ts'
import { findingsOf } from '../support/doctor.ts'
import { listen } from '../support/listen.ts'
import { repository } from '../support/readmes.ts'
import { freePort } from '../support/redis.ts'
import { openDeployment, run } from '../support/service-process.ts'
import { waitUntil } from '../support/waiting.ts'
import { webhookSecret } from '../support/webhook-receiver.ts'

for (const [file, content] of [['README.md', 'Somebody waits to be let in: open the mini program.'], ['README.zh-CN.md', '有人等待同意，请打开小程序处理。']] as const) {
  await t.test(`src/webhook/${file}: the relay tells the chat when somebody waits, and takes nothing unsigned`, async (t) => {
    const [, relay = ''] = /^```js\n([^]*?)^```$/m.exec(readFileSync(join(repository, 'src/webhook', file), 'utf8')) ?? []
    mkdirSync(join(repository, '.tap'), { recursive: true })
    const folder = mkdtempSync(join(repository, '.tap/relay-')) // below the packages of the repository
    t.teardown(() => { rmSync(folder, { recursive: true, force: true }) })
    writeFileSync(join(folder, 'relay.mjs'), relay)

    const told: unknown[] = []
    const robot = await listen(t, createServer((request, response) => {
      json(request).then((message) => {
        told.push(message)
        response.end('{"errcode":0}')
      }, () => { response.writeHead(400).end() })
    }))
    const port = await freePort()
    run(t, { script: join(folder, 'relay.mjs'), folder, env: { SECRET: webhookSecret, ROBOT: robot, PORT: String(port) } })

    const deployment = await openDeployment(t, { env: { WEBHOOK_URL: `http://127.0.0.1:${port}/`, WEBHOOK_SECRET: webhookSecret, REGISTRATION: 'approval' } })
    await deployment.start()
    const phone = await deployment.phone()
    t.equal((await phone.scan((await openBrowser(deployment)).ticket)).status, 403)
    await waitUntil(() => told.length > 0)
    const unsigned = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: '{"type":"person.waiting","timestamp":"","data":{}}' })
    t.equal(unsigned.status, 400)
    const env = { WEBHOOK_URL: `http://127.0.0.1:${port}/`, WEBHOOK_SECRET: webhookSecret, STORE_URL: 'sqlite::memory:' }
    t.hasStrict((await findingsOf(checkWebhook, env))[0], { status: 'ok' }, 'it takes the doctor\'s message, and the chat hears nothing of that')
    t.hasStrict((await findingsOf(checkWebhook, { ...env, WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}` }))[0], { code: 'webhook-secret-refused' })
    t.strictSame(told, [{ msgtype: 'text', text: { content } }])
  })
}
