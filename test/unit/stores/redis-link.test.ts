/** How long a link keeps using a connection whose server refuses writes, with scripted connections and a fake clock. */
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
    const connection = { masters: [{}], isFailoverError: () => true, onLost: () => {}, close: () => { closed.push(connection) } } as unknown as RedisConnection // all that the link uses here
    return connection
  }
  const check = async (): Promise<void> => { if (!server.takesWrites) throw new Error('READONLY ') }
  const link = createRedisLink({ clock, open, check })
  /** In steps, as a timer may start the next. */
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 100) {
      clock.advance(Math.min(100, left))
      await turn()
    }
  }
  await pass(100)
  return { server, closed, link, pass }
}

const failoverError = (): Error => new Error('READONLY You can\'t write against a read only replica.')

await t.test('E9 redis link: a connection is used for six more seconds, however many calls fail, when its server refuses writes', async (t) => {
  const { server, closed, link, pass } = await setUp()
  const first = link.connection
  server.takesWrites = false
  for (let round = 0; round < 59; round++) {
    link.reconnect(failoverError(), { isUsable: true })
    await pass(100)
    t.equal(link.connection, first)
  }
  link.reconnect(failoverError(), { isUsable: true })
  await pass(200)
  t.equal(link.isUp, false)
  t.throws(() => link.connection, { message: 'Redis is unreachable' })
  t.ok(closed.includes(first))
  server.takesWrites = true
  await pass(5_000)
  t.equal(link.isUp, true, 'the next connection is used as soon as it is open')
  t.not(link.connection, first)
  link.close()
})

await t.test('E9 redis link: the next connection has six seconds of its own when its server refuses writes later', async (t) => {
  const { server, link, pass } = await setUp()
  const first = link.connection
  link.reconnect(failoverError(), { isUsable: true })
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
