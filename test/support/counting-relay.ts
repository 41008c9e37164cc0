/** A TCP relay between an instance and its Redis, which counts round trips. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import type { TeardownScope } from './teardown-scope.ts'
import { createCommandReader } from './redis-commands.ts'

export interface CountingRelay {
  /** Redis' address through the relay. */
  readonly url: string
  /** Resolves when everything sent was answered, and the instance has had its turn to send more. */
  settled (): Promise<void>
  /** Returns the commands of each round trip since the last call. */
  take (): string[][]
}

/** Longer than Redis takes to answer what was sent at once. */
const distanceMs = 10
/** Turns of the event loop in which an instance that is still at work would send something. */
const quietTurns = 20

/**
 * Opens a relay that holds all answers back for a moment and delivers them together: Redis is far away. What the instance sends until then needed none of these
 * answers, so it belongs to the same round trip.
 */
export const openCountingRelay = async (scope: TeardownScope, port: number): Promise<CountingRelay> => {
  const trips: string[][] = []
  let isUnanswered = false

  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port, host: '127.0.0.1', noDelay: true })
    const commandsOf = createCommandReader()
    let answers: Buffer[] = []
    const deliver = (): void => {
      isUnanswered = false
      near.write(Buffer.concat(answers))
      answers = []
    }
    let timer: NodeJS.Timeout | undefined
    near.on('data', (bytes) => {
      const names = commandsOf(bytes).map(({ name }) => name)
      if (names.length === 0) return
      if (!isUnanswered) trips.push([])
      isUnanswered = true
      trips.at(-1)?.push(...names)
      far.write(bytes)
    })
    far.on('data', (bytes) => {
      answers.push(bytes)
      clearTimeout(timer)
      timer = setTimeout(deliver, distanceMs)
    })
    near.on('close', () => {
      clearTimeout(timer)
      far.destroy()
    })
    far.on('close', () => { near.destroy() })
    for (const socket of [near, far]) socket.on('error', () => {}) // 'close' follows
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  scope.teardown(() => { server.close() })

  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`, // an object for what listens on a port
    settled: async () => {
      for (let turns = 0; turns < quietTurns; turns++) {
        await setImmediate()
        if (isUnanswered) turns = 0
      }
    },
    take: () => trips.splice(0),
  }
}
