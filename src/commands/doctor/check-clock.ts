/** The clock that the service goes by, and this machine's, against each other and against WeChat's. */
import type { Config } from '../../config.ts'
import { proxyFor } from '../../domain/proxy.ts'
import type { Clock } from '../../login/ports.ts'
import { createFreshDispatcher } from '../../outgoing/dispatcher.ts'
import { head } from '../../outgoing/post.ts'
import { readRedisAddress } from '../../stores/redis-address.ts'
import type { Check } from './context.ts'
import { failure, notChecked, ok, warning, type Finding } from './finding.ts'
import { nameOf, withRedis } from './redis.ts'

/** More than the way of a question and its answer takes. Sites and apps refuse a token from "the future", or one that is over, by seconds: some libraries allow for none. */
const offMs = 5000
/** As much as libraries usually allow for clocks that differ; WeChat's certificate and the phones' signatures (120 s) follow. */
const wrongMs = 60_000

const answerWithinMs = 5000

/** How far a clock is ahead of this machine's, give or take. */
interface Reading {
  readonly name: string
  readonly aheadMs: number
  readonly errorMs: number
}

export const checkClock: Check = async ({ config, clock }) => {
  const [wechat, servers] = await Promise.all([readWechat(config, clock), readRedis(config, clock)])
  const machine: Reading = { name: 'this machine', aheadMs: 0, errorMs: 0 }
  const isShared = !config.STORE_URL.startsWith('sqlite:')
  if (servers === null) return [notChecked('the clock of Redis, which does not answer'), ...wechat === null ? [] : [against(wechat, machine, '')]]
  return [
    ...wechat === null ? [notChecked(`the clock against WeChat's: ${new URL(config.WECHAT_API_URL).host} does not answer with a time`)] : isShared ? servers.map((server) => against(wechat, server, ', which all instances go by,')) : [against(wechat, machine, '')],
    ...servers.map((server) => differing(server)),
  ]
}

const against = (wechat: Reading, { name, aheadMs, errorMs }: Reading, role: string): Finding => {
  const ahead = aheadMs - wechat.aheadMs
  const surely = Math.abs(ahead) - errorMs - wechat.errorMs
  if (surely <= offMs) return ok(`the clock of ${name} agrees with WeChat's within ${offMs / 1000} s`)
  const text = `the clock of ${name}${role} is ${Math.round(Math.abs(ahead) / 1000)} s ${ahead > 0 ? 'fast' : 'slow'}`
  return surely > wrongMs
    ? failure('clock-wrong', `${text}: sites and apps refuse its tokens, and phones need a second try for each login`, setClock(name))
    : warning('clock-off', `${text}: sites and apps that allow for no difference refuse its tokens`, setClock(name))
}

const setClock = (name: string): string => `set the clock${name === 'this machine' ? '' : ` of ${name}`} and keep it right: sudo timedatectl set-ntp true ("timedatectl" says whether it is synchronised). A container has the clock of its host`

const differing = ({ name, aheadMs, errorMs }: Reading): Finding => Math.abs(aheadMs) - errorMs > offMs
  ? warning('clock-differs', `the clock of this machine is ${Math.round(Math.abs(aheadMs) / 1000)} s ${aheadMs < 0 ? 'ahead of' : 'behind'} that of ${name}: logins go by Redis's, and certificates and the log by this machine's`, 'set the one that is wrong ("date" here, "redis-cli time" there), and let both be synchronised: sudo timedatectl set-ntp true')
  : ok(`the clock of this machine agrees with that of ${name} within ${offMs / 1000} s`)

/** By the Date of any answer, which counts whole seconds. Null where there is none: the check of WeChat says why. */
const readWechat = async (config: Config, clock: Clock): Promise<Reading | null> => {
  const dispatcher = createFreshDispatcher({ proxy: proxyFor(config.WECHAT_API_URL, config) })
  try {
    const before = clock.now()
    const { date } = await head(dispatcher, clock, { url: config.WECHAT_API_URL, deadlineMs: answerWithinMs })
    const after = clock.now()
    return Number.isNaN(date) ? null : { name: 'WeChat', aheadMs: date + 500 - (before + after) / 2, errorMs: 500 + (after - before) / 2 }
  } finally {
    await dispatcher.destroy()
  }
}

/** Of every server that takes writes; null where they don't answer: the check of the store says why. */
const readRedis = async ({ STORE_URL }: Config, clock: Clock): Promise<readonly Reading[] | null> => {
  if (STORE_URL.startsWith('sqlite:')) return []
  try {
    return await withRedis(readRedisAddress(STORE_URL), clock, ({ masters }) => Promise.all(masters.map(async (server) => {
      const before = clock.now()
      const [seconds, microseconds] = await server.time()
      const after = clock.now()
      return { name: `Redis at ${nameOf(server)}`, aheadMs: Number(seconds) * 1000 + Number(microseconds) / 1000 - (before + after) / 2, errorMs: (after - before) / 2 }
    })))
  } catch {
    return null
  }
}
