/** The doctor beside a whole set-up that is well: the service as a process, a store, WeChat, an app, a webhook, metrics. And its JSON, as --help documents that. */
import { createServer } from 'node:http'
import { chmodSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Type, type Static } from 'typebox'
import { Check } from 'typebox/value'
import { checkNames, faultCodes, type CheckName } from '../../src/commands/doctor/fault-codes.ts'
import { makeKeyFile } from '../../src/sessions/key-file.ts'
import { listen } from '../support/listen.ts'
import { giteaEntry, writeClients } from '../support/oidc-clients.ts'
import { repository } from '../support/readmes.ts'
import { freePort, startRedis } from '../support/redis.ts'
import { makeFolder, openDeployment, run, type Deployment, type ProcessExit } from '../support/service-process.ts'
import { startReceiver, webhookSecret, type WebhookReceiver } from '../support/webhook-receiver.ts'

const names = Object.keys(checkNames) as CheckName[] // the keys of that table
const oneOf = (values: readonly string[]) => Type.Union(values.map((value) => Type.Literal(value)))
const closed = { additionalProperties: false }
/** As --help says it. */
const output = Type.Object({
  ok: Type.Boolean(),
  version: Type.String({ pattern: String.raw`^\d+\.\d+\.\d+` }),
  findings: Type.Array(Type.Union([
    Type.Object({ check: oneOf(names), status: oneOf(['ok', 'not-checked']), code: Type.Null(), text: Type.String({ minLength: 1 }), todo: Type.Null() }, closed),
    Type.Object({ check: oneOf(names), status: oneOf(['warning', 'failure']), code: oneOf([...Object.values(faultCodes).flat(), 'check-failed']), text: Type.String({ minLength: 1 }), todo: Type.String({ minLength: 1 }) }, closed),
  ])),
  mended: Type.Array(Type.Object({ check: oneOf(names), text: Type.String({ minLength: 1 }) }, closed)),
}, closed)

const doctor = async (t: Test, { folder, settings }: Pick<Deployment, 'folder' | 'settings'>, ...args: readonly string[]): Promise<ProcessExit> =>
  await run(t, { script: 'src/commands/doctor.ts', folder, env: settings, args }).ended

const readOutput = (t: Test, { stdout, stderr }: ProcessExit): Static<typeof output> => {
  t.equal(stderr, '')
  t.equal(stdout.indexOf('\n'), stdout.length - 1, 'one line')
  const told: unknown = JSON.parse(stdout)
  if (!Check(output, told)) throw new Error(`not as documented: ${stdout}`)
  return told
}

/** A service with all that the doctor looks at, at the addresses of this machine. */
const openWhole = async (t: Test, more: Readonly<Record<string, string>> = {}): Promise<{ readonly deployment: Deployment, readonly receiver: WebhookReceiver }> => {
  const receiver = await startReceiver(t)
  const app = await listen(t, createServer((_request, response) => { response.end('an app') }))
  const folder = makeFolder(t)
  const [OIDC_CLIENTS_FILE, KEYS_FILE] = [join(folder, 'clients.json'), join(folder, 'keys.json')]
  writeClients(OIDC_CLIENTS_FILE, [{ ...giteaEntry, app: 'generic', url: app, redirect_uris: [`${app}/cb`], allow: { groups: ['family'] }, backchannel_logout_uri: `${app}/logout` }])
  makeKeyFile(KEYS_FILE, { withProvider: true })
  const deployment = await openDeployment(t, {
    env: { KEYS_FILE, OIDC_CLIENTS_FILE, LIMIT_CREATE: '60', MAX_WAIT: '1', METRICS_PORT: String(await freePort()), WEBHOOK_URL: receiver.url, WEBHOOK_SECRET: webhookSecret, WECHAT_URL_LINK: 'on', ...more },
  })
  await deployment.start()
  return { deployment, receiver }
}

/** What comes of a service that only this machine can reach, and of the repository's own mini program. */
const ofTheTest = [
  'public-url-not-for-phones', // an IP address
  'mini-program-placeholder', // project.config.json is an example
  'apps-risk', // PUBLIC_URL is http
]

const isWell = async (t: Test, deployment: Deployment, receiver: WebhookReceiver, besides: readonly string[] = []): Promise<void> => {
  const filesIn = (): readonly string[] => globSync('**', { cwd: deployment.folder }).sort()
  const before = filesIn()
  const ended = await doctor(t, deployment, '--json')
  const { ok, findings, mended } = readOutput(t, ended)
  t.equal(ended.code, 0)
  t.equal(ok, true)
  t.strictSame(mended, [])
  t.strictSame(findings.filter(({ status }) => status === 'failure'), [])
  t.strictSame(findings.flatMap(({ code }) => code ?? []).toSorted(), [...ofTheTest, ...besides].toSorted())
  t.strictSame(names.filter((name) => !findings.some(({ check }) => check === name)), [], 'every check says something')
  t.equal(receiver.taken.filter(({ type }) => type === 'test').length, 1)
  t.notMatch(ended.stdout, deployment.simulator.secret)
  t.notMatch(ended.stdout, webhookSecret)
  t.strictSame(filesIn(), before, 'no file stays behind')
}

await t.test('doctor: it ends with 0 and finds nothing but what the test\'s own settings cause, when all is well', async (t) => {
  const { deployment, receiver } = await openWhole(t)
  await isWell(t, deployment, receiver)

  const { code, stdout } = await doctor(t, deployment)
  t.equal(code, 0)
  t.match(stdout, /^Settings\n {2}✓ /)
  t.match(stdout, new RegExp(`\\nNo failure, ${ofTheTest.length} warnings(?:, \\d+ not checked)?\\n$`))
})

await t.test('doctor: the same with Redis', async (t) => {
  const redis = await startRedis({ args: ['--appendonly', 'yes'] })
  t.teardown(() => redis.stop())
  const { deployment, receiver } = await openWhole(t, { STORE_URL: redis.url })
  await isWell(t, deployment, receiver)
})

await t.test('doctor: its JSON is as documented when there are failures, when something was mended, and when the settings can\'t be read', async (t) => {
  const { deployment, receiver } = await openWhole(t)
  deployment.simulator.fail('stable_token', 40164)
  receiver.answerWith(() => 401)
  const ill = await doctor(t, deployment, '--json')
  t.equal(ill.code, 1)
  const { ok, findings } = readOutput(t, ill)
  t.equal(ok, false)
  t.strictSame(findings.filter(({ status }) => status === 'failure').map(({ check, code }) => [check, code]), [['wechat', 'wechat-address-refused'], ['webhook', 'webhook-secret-refused']])

  chmodSync(join(deployment.folder, 'data'), 0o755)
  t.strictSame(readOutput(t, await doctor(t, deployment, '--json', '--fix')).mended.map(({ check }) => check), ['files'])

  const { settings } = deployment
  const unread = readOutput(t, await doctor(t, { ...deployment, settings: { ...settings, PORT: 'x' } }, '--json'))
  t.strictSame(unread.findings.map(({ check, status, code }) => [check, status, code]), [['settings', 'failure', 'setting-wrong']])
})

await t.test('doctor: --help has the members of the JSON', (t) => {
  const help = readFileSync(join(repository, 'src/commands/doctor/help.ts'), 'utf8')
  const members = (type: { readonly properties: object }): string => `{${Object.keys(type.properties).map((name) => `"${name}"`).join(', ')}}`
  t.ok(help.includes(`{"ok", "version", "findings": [${members(output.properties.findings.items.anyOf[0])}], "mended": [${members(output.properties.mended.items)}]}`))
  t.end()
})
