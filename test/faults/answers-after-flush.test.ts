// A trace of the service's system calls: each answer to a call that changes something leaves after a flush that follows what the call has written.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openBrowser } from '../support/clients.ts'
import { installed } from '../support/installed.ts'
import { makeFolder, openDeployment } from '../support/service-process.ts'
import type { Answer } from '../support/test-service.ts'

/** Traces a process from now on; `end` resolves with the events. */
const traceEvents = async (t: Test, pid: number): Promise<() => Promise<Event[]>> => {
  const file = join(makeFolder(t), 'trace')
  const calls = 'trace=pwrite64,fdatasync,fsync,read,write,writev'
  const strace = spawn(installed('strace'), ['-f', '-y', '-s', '5000', '-e', calls, '-o', file, '-p', String(pid)], { stdio: ['ignore', 'ignore', 'pipe'] })
  t.teardown(() => { strace.kill('SIGKILL') })
  const ended = once(strace, 'exit')
  let stderr = ''
  for await (const text of strace.stderr.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    stderr += text
    if (stderr.includes('attached')) break
  }
  if (!stderr.includes('attached')) throw new Error(`strace: ${stderr}`)
  strace.stderr.resume()
  return async () => {
    strace.kill('SIGINT')
    await ended
    return eventsIn(readFileSync(file, 'latin1'))
  }
}

/** `written`: an entry is in the log of the store, as a page with the text of a value. `begun` and `flushed`: a flush of that log. */
type Event = 'request' | 'written' | 'begun' | 'flushed' | 'answer'

/** Reads a trace: a call is one line, or two where another thread's come between them. */
const eventsIn = (trace: string): Event[] => {
  const unfinished = new Map<string, string>()
  return trace.split('\n').flatMap((line) => {
    const [, thread = '', resumed, text = ''] = /^(\d+) +(<\.\.\. \w+ resumed>)?(.*)$/.exec(line) ?? []
    const isBegun = text.endsWith('<unfinished ...>')
    if (isBegun) unfinished.set(thread, text)
    return eventsOf(resumed === undefined ? text : `${unfinished.get(thread)}${text}`, { isBegin: resumed === undefined, isEnd: !isBegun })
  })
}

const eventsOf = (call: string, { isBegin, isEnd }: { isBegin: boolean, isEnd: boolean }): Event[] => {
  if (/^f(?:data)?sync\(\d+<[^>]+-wal>/.test(call)) return [...isBegin ? ['begun' as const] : [], ...isEnd && call.endsWith('= 0') ? ['flushed' as const] : []]
  if (/^pwrite64\(\d+<[^>]+-wal>.*\{\\"value\\":/.test(call)) return isEnd ? ['written'] : []
  if (/^read\(\d+<socket.*"(?:POST|PUT|DELETE) /.test(call)) return isEnd ? ['request'] : []
  if (/^writev?\(\d+<socket.*"HTTP\/1\.1 /.test(call)) return isBegin ? ['answer'] : []
  return []
}

/** Whether the last thing written before the answer was flushed by a flush that began later. */
const isFlushed = (events: readonly Event[]): boolean => {
  const begun = events.indexOf('begun', events.lastIndexOf('written'))
  return begun >= 0 && events.indexOf('flushed', begun) >= 0
}

await t.test('answers: each call that changes something is answered after a flush that follows its last write', { skip: process.platform === 'linux' ? false : 'strace is a program of Linux' }, async (t) => {
  const deployment = await openDeployment(t, { env: { CODE_SUPPLY: '0' } }) // no codes ahead: nothing is stored in the background
  const service = await deployment.start()
  const phone = await deployment.phone() // WeChat's token is stored once
  const end = await traceEvents(t, service.pid)

  const answers: Array<[string, number]> = []
  const called = async (name: string, call: Promise<Answer>): Promise<Answer> => {
    const answer = await call
    answers.push([name, answer.status])
    return answer
  }
  const open = async () => {
    const browser = await openBrowser(deployment)
    await called('create', Promise.resolve(browser.created))
    return browser
  }
  const logIn = async (): Promise<string> => {
    const browser = await open()
    await called('scan', phone.scan(browser.ticket))
    await called('confirm', phone.confirm(browser.ticket, await browser.matchCode()))
    const consumed = await called('consume', browser.consume())
    return String(consumed.headers['set-cookie']).replace(/;.*/, '')
  }
  await called('phone login', deployment.call({ method: 'POST', path: '/api/phone/login', body: { js_code: deployment.simulator.jsCode('hua') } }))
  const cookie = await logIn()
  await called('log out', deployment.call({ method: 'DELETE', path: '/api/session', headers: { cookie, 'sec-fetch-site': 'same-origin' } }))
  const given = await open()
  await called('give up', given.giveUp())
  const cancelled = await open()
  await called('scan', phone.scan(cancelled.ticket))
  await called('cancel', phone.cancel(cancelled.ticket))
  const wrong = await open()
  await called('scan', phone.scan(wrong.ticket))
  await called('wrong number', phone.confirm(wrong.ticket, await wrong.matchCode() === '11' ? '12' : '11'))
  await called('rename', phone.rename('Ming'))
  await logIn()
  const [session] = (await phone.sessions()).json.sessions as [{ id: string }]
  await called('sign out', phone.signOut(session.id))
  await called('sign out everywhere', phone.signOutEverywhere())

  const events = await end()
  const from = events.flatMap((event, index) => event === 'request' ? [index] : [])
  t.equal(from.length, answers.length, 'the trace has each request')
  answers.forEach(([name, status], index) => {
    const own = events.slice(from[index], from[index + 1])
    const before = own.slice(0, own.indexOf('answer'))
    t.ok(own.includes('answer') && before.includes('written') && isFlushed(before), `${name} (${status}): ${before.join(' ')}`)
  })
  t.strictSame(new Set(answers.map(([, status]) => status)), new Set([200, 201, 204, 403]))
})
