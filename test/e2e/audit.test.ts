// "Who logged in as me, from where, when": answered from a real process's log with the README's commands, after logins and attacks.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openBrowser, openPhone, type Service } from '../support/clients.ts'
import { openDeployment, type Deployment, type RunningProcess } from '../support/service-process.ts'
import { textIn } from '../support/readmes.ts'
import { auditStepsIn } from '../support/audit-steps.ts'

const [home, phones, thief, gone] = ['198.51.100.20', '203.0.113.7', '192.0.2.66', '2001:db8::7']

const readmes = (['en', 'zh-CN'] as const).map(textIn)
/** The commands of the READMEs that ask the log. */
const commandsOf = (readme: string): string[] => [...readme.matchAll(/^docker logs scan-login \|[^]*?(?=\n(?:```|\n|#))/gm)].map(([command]) => command)

/** Waits for a line and returns all that the process has written. */
const written = async (running: RunningProcess, line: RegExp): Promise<string> => {
  while (!line.test(running.stdout())) await new Promise((resolve) => { setTimeout(resolve, 20) })
  return running.stdout()
}

await t.test('audit: the log says who logged in as me, from where and when, when there were a login and an attack', async (t) => {
  const deployment = await openDeployment(t, { env: { TRUST_PROXY: '127.0.0.1' } })
  const running = await deployment.start()
  const from = (address: string): Service => ({ call: (call) => deployment.call({ ...call, headers: { ...call.headers, 'x-forwarded-for': address } }) })
  const phoneOf = (person: string, address: string) => openPhone(from(address), { jsCode: deployment.simulator.jsCode(person), authority: `127.0.0.1:${deployment.port}` })
  const began = Date.now()

  const me = await phoneOf('ming', phones)
  const mine = await openBrowser(from(home))
  await me.scan(mine.ticket)
  await me.confirm(mine.ticket, await mine.matchCode())
  t.equal((await mine.consume()).status, 200)

  // A stranger sends me their code: once I notice by the number, once I don't.
  const seenThrough = await openBrowser(from(thief))
  await me.scan(seenThrough.ticket)
  t.equal((await me.confirm(seenThrough.ticket, await seenThrough.matchCode() === '10' ? '11' : '10')).status, 403)
  const theirs = await openBrowser(from(thief))
  await me.scan(theirs.ticket)
  await me.confirm(theirs.ticket, await theirs.matchCode())
  t.equal((await theirs.consume()).status, 200)
  // A ticket's id alone is of no use, and another person's login is not mine.
  const watched = await openBrowser(from(home))
  t.equal((await from(thief).call({ method: 'POST', path: `/api/tickets/${watched.ticket}/consume`, headers: { authorization: `Ticket ${theirs.secret}` } })).status, 404)
  await me.scan(watched.ticket)
  const stranger = await phoneOf('hong', gone)
  t.equal((await stranger.scan(watched.ticket)).status, 409)
  const another = await openBrowser(from(gone))
  await stranger.scan(another.ticket)
  await stranger.confirm(another.ticket, await another.matchCode())
  await another.consume()
  const sessions = (await me.sessions()).json.sessions as Array<{ id: string, browser: { ip: string } }>
  const sid = sessions.find(({ browser }) => browser.ip === thief)?.id ?? ''
  await me.signOut(sid)

  const log = await written(running, /session\.ended/)
  const steps = auditStepsIn(log)
  const logins = steps.filter(({ event, sub }) => event === 'session.opened' && sub === me.sub)
  t.strictSame(logins.map(({ ip, browser, system }) => [ip, browser, system]), [[home, 'Chrome', 'Windows'], [thief, 'Chrome', 'Windows']])
  t.ok(logins.every(({ time }) => time >= began && time <= Date.now()), 'each has its time')
  const ticket = theirs.ticket.slice(0, 8)
  const [, attack] = logins
  t.strictSame([attack?.ticket, attack?.sid], [ticket, sid])
  const story = steps.filter((step) => step.ticket === ticket || step.sid === sid)
  t.strictSame(story.map(({ event, ip, sub, key }) => [event, ip, sub, key]), [
    ['ticket.created', thief, undefined, undefined],
    ['ticket.scanned', phones, me.sub, me.key.key_id],
    ['ticket.confirmed', phones, me.sub, me.key.key_id],
    ['ticket.consumed', thief, me.sub, undefined],
    ['session.opened', thief, me.sub, undefined],
    ['session.ended', phones, me.sub, me.key.key_id],
  ])
  const refused = steps.filter(({ event, by }) => event === 'refused' || by === 'wrong-number')
  t.strictSame(refused.map(({ event, code, by, ticket, sub, ip }) => [event, code ?? by, ticket, sub, ip]), [
    ['ticket.cancelled', 'wrong-number', seenThrough.ticket.slice(0, 8), me.sub, phones],
    ['refused', 'match-wrong', seenThrough.ticket.slice(0, 8), me.sub, phones],
    ['refused', 'ticket-taken', watched.ticket.slice(0, 8), stranger.sub, gone],
  ])

  // The README's own commands say the same.
  const [commands = [], inChinese] = readmes.map(commandsOf)
  t.strictSame(inChinese, commands)
  t.equal(commands.length, 3)
  const file = join(deployment.folder, 'log')
  writeFileSync(file, log)
  const answers = commands.map((command) => execFileSync('sh', ['-c', command
    .replace('docker logs scan-login', `cat ${file}`)
    .replace(/--arg sub \S+/, `--arg sub ${me.sub}`)
    .replace(/--arg ticket \S+/, `--arg ticket ${ticket}`)], { encoding: 'utf8' }).trim().split('\n'))
  const iso = (time: number | undefined) => new Date(time ?? 0).toISOString().replace(/\.\d+Z$/, 'Z')
  t.strictSame(answers[0], logins.map(({ time, ip, ticket, sid }) => [iso(time), ip, '', 'Chrome', 'Windows', ticket, sid].join('\t')))
  t.strictSame(answers[1]?.map((line) => JSON.parse(line)), story.slice(0, 5))
  t.strictSame(answers[2]?.map((line) => JSON.parse(line).event), ['ticket.cancelled', 'refused', 'refused'])
})

await t.test('audit: logins go on when the log cannot be written', async (t) => {
  const deployment = await openDeployment(t)
  const running = await deployment.start({}, '/dev/full')
  const phone = await deployment.phone()
  const browser = await openBrowser(deployment)
  await phone.scan(browser.ticket)
  await phone.confirm(browser.ticket, await browser.matchCode())
  t.equal((await browser.consume()).status, 200)
  running.kill('SIGTERM')
  t.hasStrict(await running.ended, { code: 0, stdout: '', stderr: '' })
})

/** The whole of a login; resolves with the start of its ticket's id. */
const logIn = async (deployment: Deployment): Promise<string> => {
  const phone = await deployment.phone()
  const browser = await openBrowser(deployment)
  await phone.scan(browser.ticket)
  await phone.confirm(browser.ticket, await browser.matchCode())
  await browser.consume()
  return browser.ticket.slice(0, 8)
}
const wholeLogin = ['ticket.created', 'ticket.scanned', 'ticket.confirmed', 'ticket.consumed', 'session.opened']
const eventsOf = (log: string, ticket: string): string[] => auditStepsIn(log).filter((step) => step.ticket === ticket).map(({ event }) => event)

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  await t.test(`audit: no step is missing when ${signal} comes right after the last one`, async (t) => {
    const deployment = await openDeployment(t)
    const running = await deployment.start()
    const tickets = [await logIn(deployment), await logIn(deployment)]
    running.kill(signal)
    const { code, stdout } = await running.ended
    t.equal(code, 0)
    for (const ticket of tickets) t.strictSame(eventsOf(stdout, ticket), wholeLogin)
    t.match(stdout, /"shutting down"}\n/)
  })
}

await t.test('audit: a step is written soon without any further one, and no line is torn, when the process is killed', async (t) => {
  const deployment = await openDeployment(t)
  const running = await deployment.start()
  const ticket = await logIn(deployment)
  await written(running, /session\.opened/)
  await logIn(deployment)
  running.kill('SIGKILL')
  const { stdout } = await running.ended
  t.strictSame(eventsOf(stdout, ticket), wholeLogin)
  for (const line of stdout.trimEnd().split('\n')) t.doesNotThrow(() => JSON.parse(line))
})
