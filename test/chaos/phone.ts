/** Phones, by src/http/README.md, "API", alone: one that approves, one that scans a foreign code, and one that signs a browser out. */
import { setTimeout as sleep } from 'node:timers/promises'
import { openPhone, sign, type Service, type TestBrowser, type TestPhone } from '../support/clients.ts'
import type { Answer, Call } from '../support/test-service.ts'
import type { Screen } from './browser.ts'
import { createCaller, once, persist, waitToRetry, type Caller } from './caller.ts'
import type { Random } from './random.ts'
import type { VisitDeps, VisitPlan } from './visit.ts'

export interface PhoneRole {
  readonly actor: string
  readonly person: string
  readonly random: Random
}

const loginTries = 12

/** Logs a phone in, trying all instances; undefined if all tries failed. */
export const takePhone = async ({ world }: VisitDeps, caller: Service, person: string): Promise<TestPhone | undefined> => {
  for (let n = 0; n < loginTries; n++) {
    // A js_code works once, so each try has its own.
    const phone = await openPhone(caller, { jsCode: world.simulator.jsCode(person), authority: world.authority }).catch(() => undefined)
    if (phone !== undefined) return phone
    await waitToRetry(undefined)
  }
  return undefined
}

/** Scans and decides as the plan says. */
export const approve = async (deps: VisitDeps, { actor, person, random }: PhoneRole, { browser: { ticket }, number, isPolling }: Screen, plan: VisitPlan): Promise<void> => {
  const caller = createCaller(deps, actor, random)
  let phone = await takePhone(deps, caller, person)
  if (phone === undefined) return
  let scanned = await persist(() => (phone as TestPhone).scan(ticket)) // defined above
  if (scanned?.json?.code === 'key-unknown') {
    phone = await takePhone(deps, caller, person)
    if (phone === undefined) return
    scanned = await persist(() => (phone as TestPhone).scan(ticket))
  }
  if (scanned?.status !== 200) return
  const shown = await number
  if (shown === undefined) return
  const offered = (scanned.json.match_choices ?? ['10', '11']) as readonly string[]
  const wrong = offered.find((choice) => choice !== shown)
  const owner = phone
  const acts: (() => Promise<unknown>)[] = []
  const confirm = (matchCode: string | undefined) => () => persistWhile(isPolling, () => owner.confirm(ticket, matchCode))

  if (plan.taps !== 'wrong') acts.push(confirm(shown))
  if (plan.taps !== 'right') acts.push(confirm(wrong))
  if (plan.confirmsTwice) acts.push(confirm(shown))
  if (plan.cancelsToo) acts.push(() => once(() => owner.cancel(ticket)))
  if (plan.isReplayed) acts.push(() => replay(deps, caller, owner, { method: 'POST', path: `/api/phone/tickets/${ticket}/confirm`, body: { match_code: shown } }, random))
  await Promise.all(acts.map(async (act) => {
    await sleep(acts.length === 1 ? 0 : random.integer(0, 15))
    await act()
  }))
}

const persistWhile = async (isPolling: () => boolean, act: () => Promise<Answer>): Promise<void> => {
  for (let n = 0; n < 12; n++) {
    const answer = await once(act)
    if ((answer !== undefined && answer.status < 500 && answer.status !== 429) || !isPolling()) return
    await waitToRetry(answer)
  }
}

/** Sends the same signed bytes to every instance, two at the same time, and once more later. */
const replay = async ({ world }: VisitDeps, caller: Caller, { key }: TestPhone, call: Call, random: Random): Promise<void> => {
  const headers = sign(call, key, { authority: world.authority, created: Math.floor(Date.now() / 1000) })
  const at = (instance: number) => once(() => caller.at(instance).call({ ...call, headers }))
  const order = world.instances.map((_, i) => i)
  const first = random.pick(order)
  await Promise.all(order.filter((instance) => instance !== first).map(at))
  await at(first)
}

/** Scans a code of another person's login, and cancels it if that scan was first. */
export const scanForeignCode = async (deps: VisitDeps, { actor, person, random }: PhoneRole, { browser: { ticket } }: Screen): Promise<void> => {
  const phone = await takePhone(deps, createCaller(deps, actor, random), person)
  if (phone === undefined) return
  const scanned = await once(() => phone.scan(ticket))
  if (scanned?.status === 200) await persist(() => phone.cancel(ticket)) // the browser then makes a fresh ticket
}

export interface EndingSession {
  readonly caller: Caller
  readonly browser: TestBrowser
  readonly consumed: Answer
  readonly cookie: string
  readonly how: VisitPlan['afterwards']
}

/** Ends a session, from the phone or from the browser; then reads it at every instance, and consumes again. */
export const endSession = async (deps: VisitDeps, { actor, person, random }: PhoneRole, { caller, browser, consumed, cookie, how }: EndingSession): Promise<void> => {
  if (how === 'signs out') {
    const [, payload = ''] = consumed.json.access_token.split('.')
    const { sid } = JSON.parse(Buffer.from(payload, 'base64url').toString())
    const phone = await takePhone(deps, createCaller(deps, actor, random), person)
    if (phone === undefined) return
    await persist(() => phone.signOut(sid))
  } else {
    const headers = { cookie, origin: `http://${deps.world.authority}` }
    await persist(() => caller.call({ method: 'DELETE', path: '/api/session', headers }))
  }
  await Promise.all([
    ...deps.world.instances.map((_, i) => once(() => caller.at(i).call({ path: '/api/session', headers: { cookie } }))),
    once(browser.consume),
  ])
}
