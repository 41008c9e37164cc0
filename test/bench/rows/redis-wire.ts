/** What a login and what waiting cost on the wire to Redis. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createCommandReader } from '../../support/redis-commands.ts'
import { sendCommand } from '../../support/redis-sets.ts'
import { startRedis } from '../../support/redis.ts'
import type { TeardownScope } from '../../support/teardown-scope.ts'
import { createTickets, heldWithinLimits, holdPolls } from '../load/hold.ts'
import { createConnectionPool, expectStatus } from '../load/connection.ts'
import { closedLoop } from '../load/loops.ts'
import { createSamples, type Measurement } from '../row.ts'
import type { Sizes } from '../sizes.ts'
import { median } from '../statistics.ts'
import type { Subjects } from '../subjects.ts'
import { pollRequest } from '../ways/long-poll.ts'
import { withScope } from '../with-scope.ts'

/** What was sent so far, in all. */
interface Seen {
  readonly commands: number
  readonly roundTrips: number
  readonly bytes: number
  /** Commands by name. */
  readonly byName: ReadonlyMap<string, number>
}

const minus = (one: Seen, other: Seen, factor = 1): Seen => ({
  commands: one.commands - other.commands * factor,
  roundTrips: one.roundTrips - other.roundTrips * factor,
  bytes: one.bytes - other.bytes * factor,
  byName: new Map([...one.byName].map(([name, count]) => [name, count - (other.byName.get(name) ?? 0) * factor])),
})

/** By how many commands two equal spans of an idle instance may differ: the phase of its timers. */
const phase = 2

/** Commands of a span that an idle instance does not send in one of the same length. */
const beyond = (one: Seen, idle: Seen): number => [...minus(one, idle).byName.values()].reduce((sum, count) => sum + (count > phase ? count : 0), 0)

/** Polls that find nothing new, as held ones do at the end of their time, for each counted login. */
const pollsPerLogin = 40

export const measureRedisWire = (subjects: Subjects, sizes: Sizes): Measurement => {
  const samples = createSamples()
  const count = heldWithinLimits(sizes.held)

  return {
    samples,
    measure: () => withScope(async (scope) => {
      const redis = await startRedis()
      scope.teardown(() => redis.stop())
      const wire = await openWire(scope, redis.port)
      const process = await subjects.startService(scope, { redisUrl: `redis://127.0.0.1:${wire.port}` }, { env: { TICKET_TTL: '3600' } })
      const during = async (work: () => Promise<unknown>): Promise<Seen & { readonly ms: number }> => {
        const [before, start] = [wire.seen(), performance.now()]
        await work()
        return { ...minus(wire.seen(), before), ms: performance.now() - start }
      }
      const memory = async (): Promise<number> => Number(/used_memory:(\d+)/.exec(String(await sendCommand(redis.port, 'INFO', 'memory')))?.[1])

      const way = subjects.longPollWay(process)
      await closedLoop({ width: 1, count: 3, work: () => way.logIn({ isNewcomer: true }) }) // scripts are loaded, WeChat's token is there
      const idle = await during(() => sleep(sizes.idleMs))
      const ofLogins = async (isNewcomer: boolean): Promise<Seen & { readonly trips: readonly number[] }> => {
        const trips: number[] = []
        const work = async (): Promise<void> => {
          const { roundTrips } = wire.seen()
          await way.logIn({ isNewcomer })
          trips.push(wire.seen().roundTrips - roundTrips)
        }
        const busy = await during(() => closedLoop({ width: 1, count: sizes.counted, work }))
        return { ...minus(busy, idle, busy.ms / idle.ms), trips }
      }
      const bytesBefore = await memory()
      const first = await ofLogins(true)
      samples.add('memory', (await memory() - bytesBefore) / sizes.counted / 1024) // a session and its person: the person's later logins add less
      samples.add('first commands', first.commands / sizes.counted)
      samples.add('first round trips', median(first.trips)) // of some, a heartbeat is in between, or what was sent together came apart
      const logins = await ofLogins(false)
      samples.add('commands', logins.commands / sizes.counted)
      samples.add('round trips', median(logins.trips))
      samples.add('bytes', logins.bytes / sizes.counted / 1024)
      samples.add('idle', idle.commands / idle.ms * 1000)

      const tickets = await createTickets(process, count)
      const pool = createConnectionPool(process.port)
      const polls = sizes.counted * pollsPerLogin
      let poll = 0
      const ask = () => pool.use(async (connection) => expectStatus(await connection.send(pollRequest(tickets[poll++ % tickets.length]!, 1, 0)), 200)) // there are some
      samples.add('poll', await process.cpuMsOf(() => closedLoop({ width: 8, count: polls, work: ask })) / polls)
      pool.close()
      await sleep(sizes.idleMs) // slots and limits that end by themselves
      const held = await holdPolls(process, tickets)
      const waiting = await during(() => sleep(sizes.idleMs))
      samples.add('waiting', beyond(waiting, idle) / waiting.ms * 1000)
      held.release()
      way.close()
    }),
    rows: () => [
      { name: 'Redis round trips a login', unit: '', figures: samples.of('round trips'), goal: { atMost: 16 } },
      { name: 'Redis commands a login', unit: '', figures: samples.of('commands') },
      // Once for each person, whose record is made: the goal is that of the logins after it.
      { name: "Redis round trips, a newcomer's first login", unit: '', figures: samples.of('first round trips') },
      { name: "Redis commands, a newcomer's first login", unit: '', figures: samples.of('first commands') },
      { name: 'CPU a poll that finds nothing new, Redis', unit: 'ms', figures: samples.of('poll') },
      { name: 'bytes to and from Redis a login', unit: 'kB', figures: samples.of('bytes') },
      { name: "memory of Redis, a newcomer's first login", unit: 'kB', figures: samples.of('memory') },
      { name: 'Redis commands of an idle instance', unit: 'a second', figures: samples.of('idle') },
      { name: `store commands for ${count} waiting polls`, unit: 'a second', figures: samples.of('waiting'), goal: { atMost: 0 } },
    ],
  }
}

/**
 * Opens a relay in front of Redis that counts. A round trip begins with the first command after an answer: commands that are sent together wait together.
 */
const openWire = async (scope: TeardownScope, port: number): Promise<{ readonly port: number, seen (): Seen }> => {
  const seen = { commands: 0, roundTrips: 0, bytes: 0 }
  const byName = new Map<string, number>()
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    const read = createCommandReader()
    let isAnswered = true
    near.on('data', (bytes) => {
      const names = read(bytes).map(({ name }) => name)
      for (const name of names) byName.set(name, (byName.get(name) ?? 0) + 1)
      seen.commands += names.length
      seen.bytes += bytes.length
      if (isAnswered && names.length > 0) {
        seen.roundTrips++
        isAnswered = false
      }
      far.write(bytes)
    })
    far.on('data', (bytes) => {
      seen.bytes += bytes.length
      isAnswered = true
      near.write(bytes)
    })
    for (const socket of [near, far]) socket.on('error', () => {}).on('close', () => { for (const each of [near, far]) each.destroy() })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  scope.teardown(() => { server.close() })
  const { port: ownPort } = server.address() as AddressInfo // an object for what listens on a port
  return { port: ownPort, seen: () => ({ ...seen, byName: new Map(byName) }) }
}
