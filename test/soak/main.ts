/**
 * A soak test: `npm run soak` (`-- --minutes 3 --seed 7 --store redis`). Every attack at once beside honest logins, against one service process, on loopback
 * only. Exits with 1 if an honest login failed, an honest answer was too slow, memory isn't flat (by the rule in `report.ts`), or something was accepted
 * that must not be.
 */
import { availableParallelism, loadavg } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { startWechatSimulator, type Endpoint } from '../../src/demo/wechat-simulator.ts'
import { makeKeyFile } from '../../src/sessions/key-file.ts'
import { createRandom } from '../chaos/random.ts'
import { limitConcurrency } from '../support/limit-concurrency.ts'
import { createTeardownScope, type TeardownScope } from '../support/teardown-scope.ts'
import { makeFolder } from '../support/service-process.ts'
import { freePort } from '../support/redis.ts'
import { remote } from '../support/remote.ts'
import { browserAddress, createHonest, people } from './honest.ts'
import { attackAsMember, members, shop } from './members.ts'
import { watchOwnDelay } from './own-delay.ts'
import { problemsOf, reportOf, type SoakResult } from './report.ts'
import { startService } from './service.ts'
import { strangers } from './strangers.ts'
import type { WorkerMessage, WorkerOptions } from './strangers-worker.ts'
import { bringAbout, faults, startMovingRedis } from './surroundings.ts'
import { createTally } from './tally.ts'

const names = [...Object.keys(strangers), ...Object.keys(members), ...Object.keys(faults)]

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    store: { type: 'string', default: 'sqlite' },
    /** Honest logins a minute. */
    logins: { type: 'string', default: '40' },
    /** Multiplies the attacks' pauses, for a busy machine. */
    pace: { type: 'string', default: '1' },
    /** An attack to leave out; repeatable. */
    without: { type: 'string', multiple: true, default: [] },
  },
})
const [minutes, seed, loginsPerMinute, pace] = [values.minutes, values.seed, values.logins, values.pace].map(Number) as [number, number, number, number] // the same four
const attacks = names.filter((name) => !values.without.includes(name) && (faults[name]?.store ?? values.store) === values.store)
const unknown = values.without.filter((name) => !names.includes(name))
if (!(minutes > 0 && Number.isInteger(seed) && loginsPerMinute > 0 && pace > 0) || !['sqlite', 'redis'].includes(values.store) || unknown.length > 0) {
  process.stderr.write(`soak: --minutes, --seed, --logins and --pace are numbers, --store is sqlite or redis, --without is one of: ${names.join('; ')}\n`)
  process.exit(1)
}
const print = (text: string): void => { process.stdout.write(`${text}\n`) }

const endpoints: readonly Endpoint[] = ['jscode2session', 'getwxacodeunlimit', 'generate_urllink', 'token', 'stable_token']
const progressEveryMs = 30_000

const soak = async (scope: TeardownScope): Promise<SoakResult> => {
  const folder = makeFolder(scope)
  const keysFile = join(folder, 'keys.json')
  makeKeyFile(keysFile)
  const simulator = await startWechatSimulator()
  scope.teardown(() => simulator.close())
  const redis = values.store === 'redis' ? await startMovingRedis(scope) : undefined
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const env = {
    STORE_URL: redis?.url ?? `sqlite:${join(folder, 'soak.db')}`,
    KEYS_FILE: keysFile,
    PUBLIC_URL: url,
    HOST: '127.0.0.1',
    PORT: String(port),
    TRUST_PROXY: '127.0.0.1', // calls with X-Forwarded-For come from here; this machine's other addresses aren't trusted
    WECHAT_APPID: simulator.appid,
    WECHAT_SECRET: simulator.secret,
    WECHAT_API_URL: simulator.url,
    MAX_TICKETS: '4000',
    ALLOWED_ORIGINS: shop,
  }
  const service = await startService(scope, { folder, url, env })
  const proxy = remote(url)
  scope.teardown(() => proxy.close())

  const random = createRandom(seed)
  const tally = createTally()
  const violations = new Set<string>()
  const violation = (text: string): void => { violations.add(text) }
  const stopping = new AbortController()
  const common = { proxy, authority: new URL(url).host, jsCode: simulator.jsCode, violation }
  const honest = createHonest({ ...common, random: random.fork(1) })
  const { rssMb: quietRssMb } = await service.nextSample()

  const worker = new Worker(new URL('strangers-worker.ts', import.meta.url), {
    workerData: { url, seed, pace, attacks: attacks.filter((name) => Object.hasOwn(strangers, name)), victims: Array.from({ length: people }, (_, n) => browserAddress(n)) } satisfies WorkerOptions,
  })
  scope.teardown(() => worker.terminate())
  const { signal } = stopping
  const memberOptions = { ...common, random: random.fork(2), pace, signal, note: tally.add }
  const attacking = Object.keys(members).map((name, n) => attacks.includes(name) ? attackAsMember(name, n, memberOptions) : undefined)
  const inTurn = limitConcurrency(1)
  const failing = Object.entries(faults).filter(([name]) => attacks.includes(name)).map(([name, fault]) => bringAbout(fault, { service, folder, env, redis, signal, inTurn, violation, note: (event) => { tally.add(name, event) } }))
  const ownDelay = watchOwnDelay()

  const start = performance.now()
  let printedMs = 0
  while (performance.now() - start < minutes * 60_000 && service.ending === undefined) {
    honest.begin()
    await sleep(60_000 / loginsPerMinute)
    const passedMs = performance.now() - start
    if (passedMs - printedMs < progressEveryMs) continue
    printedMs = passedMs
    const { rssMb = 0, heapMb = 0 } = service.samples.at(-1) ?? {}
    print(`${Math.round(passedMs / 1000)} s: ${honest.logins.length} logins ended, ${honest.logins.filter(({ isIn }) => !isIn).length} failed; RSS ${Math.round(rssMb)} MB, heap ${Math.round(heapMb)} MB`)
  }
  const { ending } = service
  if (ending === undefined) await honest.untilOver()
  else violation(`the service ended after ${Math.round((performance.now() - start) / 1000)} s: ${ending}`)
  stopping.abort()
  const answers = new Promise<WorkerMessage>((resolve) => { worker.once('message', resolve) })
  worker.postMessage('stop')
  const message = await answers
  for (const [name, counts] of message.counts) for (const [answer, count] of counts) tally.add(name, answer, count)
  for (const text of message.violations) violation(text)
  await Promise.race([Promise.all([...attacking, ...failing]), sleep(10_000)])
  ownDelay.stop()
  return {
    seed,
    minutes,
    load: (loadavg()[1] ?? 0) / availableParallelism(),
    samples: service.samples,
    quietRssMb,
    logins: honest.logins,
    longestAnswer: honest.longestAnswer,
    slowAnswers: honest.slowAnswers,
    ownDelays: ownDelay.spans,
    ownDelayP99Ms: ownDelay.p99Ms(),
    wechatCalls: Object.fromEntries(endpoints.map((name) => [name, simulator.countOf(name)])),
    logBytes: service.logBytes,
    complaints: service.complaints,
    attacks: tally.counts,
    violations: [...violations],
  }
}

const scope = createTeardownScope()
print(`soak: ${minutes} minutes on ${values.store}, seed ${seed}, ${loginsPerMinute} honest logins a minute, ${attacks.length} attacks`)
const result = await soak(scope)
print(reportOf(result))
const isGood = problemsOf(result).length === 0
const ended = await Promise.race([scope.end(), sleep(10_000, 'late')])
if (ended === 'late') print('some processes did not end in time')
process.exit(isGood ? 0 : 1) // without waiting for what is left
