/** One run: visits while there are faults, then every browser shows how it ended, then the check of the history. */
import { join } from 'node:path'
import { limitConcurrency } from '../support/limit-concurrency.ts'
import type { TeardownScope } from '../support/teardown-scope.ts'
import { makeTicket, readSession, type BrowserResult } from './browser.ts'
import { createCaller, persist } from './caller.ts'
import { check, type Violation } from './checker.ts'
import { flush, startFaults, type ScheduleOptions } from './faults.ts'
import { fingerprint, openHistory, type EndRecord, type History, type HistoryRecord } from './history.ts'
import { startProbes } from './probe.ts'
import { createRandom } from './random.ts'
import { visit, type VisitDeps } from './visit.ts'
import { openWorld, type World } from './world.ts'

export interface ChaosOptions {
  readonly seed: number
  readonly logins: number
  /** How many visits run at the same time. */
  readonly concurrency: number
  /** A schedule of faults; or `flush`: Redis is emptied once, half-way, and there are no other faults. */
  readonly faults: ScheduleOptions | 'flush'
  /** Where the history is written. */
  readonly folder: string
  readonly logLevel?: string
  /** Called every 5 s with the number of finished visits. */
  readonly onProgress?: (done: number, history: History) => void
}

export interface ChaosResult {
  readonly violations: readonly Violation[]
  readonly records: readonly HistoryRecord[]
  readonly injected: Readonly<Record<string, number>>
  readonly durationMs: number
  /** The history, one JSON text per line. */
  readonly file: string
}

const instances = 3
const ticketTtlMs = 30_000
/** A person has a hundred sessions at most, and one more would end the oldest. */
const loginsPerPerson = 40
const progressEveryMs = 5_000
const concludeAtATime = 20

/** Makes one run. Everything that it starts ends with the scope. */
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
  const stopProbes = startProbes(world, history)
  const progress = setInterval(() => { onProgress(done, history) }, progressEveryMs)
  const deps: VisitDeps = { world, history, people }
  const inTurn = limitConcurrency(concurrency)
  const browsed = await Promise.all(Array.from({ length: logins }, (_, n) => inTurn(async () => {
    const result = await visit(deps, n, random.fork(n))
    if (++done === Math.ceil(logins / 2) && options.faults === 'flush') await flush(world, history)
    return result
  })))
  await schedule?.stop()
  await world.waitUntilReady()
  const inEnd = limitConcurrency(concludeAtATime)
  await Promise.all(browsed.map((browser) => inEnd(() => conclude(deps, browser))))
  clearInterval(progress)
  await stopProbes()
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

/** Records what a browser shows after all faults: its session, or a fresh code. */
const conclude = async ({ world, history }: { readonly world: World, readonly history: History }, browsed: BrowserResult): Promise<void> => {
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
