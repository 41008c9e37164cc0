/** Owns one run from the first process to the verdict: visits while faults come, then calm, then every browser shows how it ended. */
import { join } from 'node:path'
import { limitConcurrency } from '../support/limit-concurrency.ts'
import type { TeardownScope } from '../support/teardown-scope.ts'
import { makeTicket, readSession, type Browsed } from './browser.ts'
import { createCaller, persist } from './caller.ts'
import { check, type Violation } from './checker.ts'
import { flush, startFaults, type ScheduleOptions } from './faults.ts'
import { fingerprint, openHistory, type EndRecord, type History, type HistoryRecord } from './history.ts'
import { takePulse } from './pulse.ts'
import { createRandom } from './random.ts'
import { visit, type VisitDeps } from './visit.ts'
import { openWorld, type World } from './world.ts'

export interface ChaosOptions {
  readonly seed: number
  readonly logins: number
  /** How many visits go on at the same time. */
  readonly concurrency: number
  /** A schedule of faults; or `flush`: Redis is emptied once, half-way, and nothing else happens. */
  readonly faults: ScheduleOptions | 'flush'
  /** Where the history is written. */
  readonly folder: string
  readonly logLevel?: string
  /** Called now and then with how many visits are over. */
  readonly onProgress?: (done: number, history: History) => void
}

export interface ChaosResult {
  readonly violations: readonly Violation[]
  readonly records: readonly HistoryRecord[]
  readonly injected: Readonly<Record<string, number>>
  readonly durationMs: number
  /** The history, a JSON text a line. */
  readonly file: string
}

const instances = 3
const ticketTtlMs = 30_000
/** A person has a hundred sessions at most, and one more would end the oldest. */
const loginsPerPerson = 40
const progressEveryMs = 5_000
const concludeAtATime = 20

/** Runs. Everything that it starts is ended by the scope. */
export const runChaos = async (scope: TeardownScope, options: ChaosOptions): Promise<ChaosResult> => {
  const { seed, logins, concurrency, folder, onProgress = () => {}, logLevel = 'silent' } = options
  const start = performance.now()
  const file = join(folder, `history-${seed}.jsonl`)
  const history = openHistory(file)
  history.add({ type: 'run', seed, ticketTtlMs, browsers: logins })
  const world = await openWorld(scope, { instances, ticketTtlMs, logLevel })
  const random = createRandom(seed)
  const people = Array.from({ length: Math.max(8, Math.ceil(logins / loginsPerPerson)) }, (_, i) => `person-${i}`)

  let done = 0
  const schedule = options.faults === 'flush' ? undefined : startFaults(world, history, random.fork(-1), options.faults)
  const stopPulse = takePulse(world, history)
  const progress = setInterval(() => { onProgress(done, history) }, progressEveryMs)
  const deps: VisitDeps = { world, history, people }
  const inTurn = limitConcurrency(concurrency)
  const browsed = await Promise.all(Array.from({ length: logins }, (_, n) => inTurn(async () => {
    const result = await visit(deps, n, random.fork(n))
    if (++done === Math.ceil(logins / 2) && options.faults === 'flush') await flush(world, history)
    return result
  })))
  await schedule?.stop()
  await world.untilReady()
  const inEnd = limitConcurrency(concludeAtATime)
  await Promise.all(browsed.map((browser) => inEnd(() => conclude(deps, browser))))
  clearInterval(progress)
  await stopPulse()
  await history.close()

  const crashes = world.crashes.map((ending): Violation => ({ rule: 'no crash', complaint: `an instance ended by itself: ${ending}`, calls: [] }))
  return {
    violations: [...check(history.records), ...crashes],
    records: history.records,
    injected: schedule?.injected ?? { 'redis emptied': 1 },
    durationMs: performance.now() - start,
    file,
  }
}

/** What a browser shows when all is calm again: its session, or a code that waits to be scanned. */
const conclude = async ({ world, history }: { readonly world: World, readonly history: History }, browsed: Browsed): Promise<void> => {
  const { actor, caller, cookie } = browsed
  const end = (how: EndRecord['how'], ticket: string | null): void => { history.add({ type: 'end', actor, how, ticket, cookie: cookie && fingerprint(cookie) }) }
  if (cookie !== null) {
    const answer = await readSession(caller, cookie)
    if (answer?.status === 200) return end('logged-in', null)
    if (browsed.how === 'signed-out') return end('signed-out', null)
  }
  let { browser } = browsed
  const isFresh = async (): Promise<boolean> => browser !== undefined && (await persist(browser.poll))?.json?.state === 'pending'
  if (!await isFresh()) {
    browser = await makeTicket(createCaller({ world, history }, actor, createRandom(0)))
    await isFresh()
  }
  end('fresh', browser?.ticket ?? null)
}
