/** How long a connection is used whose server takes no writes any more, by a script of connections and a clock that the test moves. */
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import type { RedisConnection } from '../../../src/stores/redis-connection.ts'
import { createRedisLink } from '../../../src/stores/redis-link.ts'
import { createFakeClock } from '../../support/fake-clock.ts'

/** A link whose servers take writes while `takesWrites` says so. */
const setUp = async () => {
  const clock = createFakeClock()
  const server = { takesWrites: true }
  const closed: RedisConnection[] = []
  const open = async (): Promise<RedisConnection> => {
    const connection = { masters: [{}], isMisplaced: () => true, onLost: () => {}, close: () => { closed.push(connection) } } as unknown as RedisConnection // no more of it is asked here
    return connection
  }
  const check = async (): Promise<void> => { if (!server.takesWrites) throw new Error('READONLY ') }
  const link = createRedisLink({ clock, open, check })
  /** In steps, as what follows a timer may set the next. */
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 100) {
      clock.advance(Math.min(100, left))
      await turn()
    }
  }
  await pass(100)
  return { server, closed, link, pass }
}

const misplaced = (): Error => new Error('READONLY You can\'t write against a read only replica.')

await t.test('E9 redis link: a connection whose server takes no writes is used for six seconds at the most, however often that is met', async (t) => {
  const { server, closed, link, pass } = await setUp()
  const first = link.connection
  server.takesWrites = false
  for (let round = 0; round < 59; round++) {
    link.reconnect(misplaced(), { isUsable: true })
    await pass(100)
    t.equal(link.connection, first)
  }
  link.reconnect(misplaced(), { isUsable: true })
  await pass(200)
  t.equal(link.isUp, false)
  t.throws(() => link.connection, { message: 'Redis is away' })
  t.ok(closed.includes(first))
  server.takesWrites = true
  await pass(5_000)
  t.equal(link.isUp, true, 'the next is used as soon as there is one')
  t.not(link.connection, first)
  link.close()
})

await t.test('E9 redis link: the connection that takes its place in time stays, and gets six seconds of its own', async (t) => {
  const { server, link, pass } = await setUp()
  const first = link.connection
  link.reconnect(misplaced(), { isUsable: true })
  await pass(1_000)
  const second = link.connection
  t.not(second, first)
  await pass(3_000)
  server.takesWrites = false
  await pass(5_000)
  t.equal(link.connection, second)
  await pass(3_000)
  t.equal(link.isUp, false)
  link.close()
})
