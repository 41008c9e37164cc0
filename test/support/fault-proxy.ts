/** Owns the way between an instance and its Redis as a TCP proxy with faults on demand. Knows where a command ends and what it is called, and no more of Redis. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { TeardownScope } from './teardown-scope.ts'
import { createCommandReader } from './redis-commands.ts'

export interface FaultProxy {
  /** Where Redis is found by way of it. */
  readonly url: string
  /** Resets every connection that is open now; new ones work. */
  reset (): void
  /** Resets new connections too, until told otherwise. */
  refuse (isRefusing: boolean): void
  /** Takes bytes and answers nothing, on new connections too. Told to speak again, it resets those that have missed something. */
  silence (isSilent: boolean): void
  /** Loses what Redis says on connections that have subscribed, new ones too. Told to let it through, it resets those that have missed something. */
  dropMessages (isDeaf: boolean): void
  /** Delays what comes later by so much each way; order is kept. Milliseconds. */
  delay (ms: number): void
  /**
   * Resets the connection at each of the next `times` commands that match: `before` Redis gets to see them, or `after` it has carried them out
   * and without its answer. `matching` is held against the name of a command.
   */
  cut (when: 'before' | 'after', times: number, matching?: RegExp): void
  /** How many cuts are still to come. */
  readonly left: number
}

/** The commands of a store; not those of a connection that is being made or kept alive. */
const ofTheStore = /^(?:GET|SET|EVAL|UNLINK|ZREM)$/

interface Pair {
  readonly near: Socket
  readonly far: Socket
  hasSubscribed: boolean
  hasMissed: boolean
}

/** Opens a proxy to a Redis on this machine. */
export const openFaultProxy = async (scope: TeardownScope, port: number): Promise<FaultProxy> => {
  const pairs = new Set<Pair>()
  let isRefusing = false
  let isSilent = false
  let isDeaf = false
  let delayMs = 0
  let cutting = { when: 'before' as 'before' | 'after', left: 0, matching: ofTheStore }

  const end = ({ near, far }: Pair): void => {
    near.resetAndDestroy()
    far.destroy()
  }

  const server = createServer({ noDelay: true }, (near) => {
    near.on('error', () => {}) // 'close' follows
    if (isRefusing) return near.resetAndDestroy()
    const far = connect({ port, host: '127.0.0.1', noDelay: true })
    far.on('error', () => {})
    const pair: Pair = { near, far, hasSubscribed: false, hasMissed: false }
    pairs.add(pair)
    let isOver = false
    const commandsOf = createCommandReader()
    const there = createLine(far)
    const back = createLine(near)

    near.on('data', (bytes) => {
      if (isOver) return
      if (isSilent) {
        pair.hasMissed = true
        return
      }
      for (const { name, raw } of commandsOf(bytes)) {
        if (name === 'SUBSCRIBE') pair.hasSubscribed = true
        if (cutting.left === 0 || !cutting.matching.test(name)) {
          there(raw, delayMs)
          continue
        }
        cutting.left--
        isOver = true
        if (cutting.when === 'before') return end(pair)
        // Redis reads all that came in before it sees the end, so the command is carried out whoever hears of it.
        far.removeAllListeners('data').resume()
        far.once('close', () => { end(pair) })
        there(raw, delayMs, () => { far.end() })
        return
      }
    })
    far.on('data', (bytes) => {
      if (isSilent || (isDeaf && pair.hasSubscribed)) pair.hasMissed = true
      else back(bytes, delayMs)
    })
    near.on('close', () => {
      pairs.delete(pair)
      if (!isOver) far.destroy()
    })
    far.on('close', () => { near.resetAndDestroy() })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  scope.teardown(() => {
    for (const pair of pairs) end(pair)
    server.close()
  })

  const reset = (isMeant: (pair: Pair) => boolean = () => true): void => { for (const pair of pairs) if (isMeant(pair)) end(pair) }

  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`, // an object for what listens on a port
    reset: () => { reset() },
    refuse: (is) => {
      isRefusing = is
      if (is) reset()
    },
    silence: (is) => {
      isSilent = is
      if (!is) reset(({ hasMissed }) => hasMissed)
    },
    dropMessages: (is) => {
      isDeaf = is
      if (!is) reset(({ hasMissed }) => hasMissed)
    },
    delay: (ms) => { delayMs = ms },
    cut: (when, times, matching = ofTheStore) => { cutting = { when, left: times, matching } },
    get left () { return cutting.left },
  }
}

/** Writes to a socket after a delay that may change, and never in another order; `then` is called when it is written. */
const createLine = (socket: Socket): (bytes: Buffer, delayMs: number, then?: () => void) => void => {
  const waiting: { readonly send: () => void, readonly dueAt: number }[] = []
  const deliver = (): void => {
    for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
      const early = first.dueAt - performance.now()
      if (early > 0) {
        setTimeout(deliver, early + 1)
        return
      }
      waiting.shift()
      first.send()
    }
  }
  return (bytes, delayMs, then) => {
    const send = (): void => {
      if (socket.writable) socket.write(bytes)
      then?.()
    }
    if (delayMs === 0 && waiting.length === 0) return send()
    waiting.push({ send, dueAt: performance.now() + delayMs })
    if (waiting.length === 1) setTimeout(deliver, delayMs + 1)
  }
}
