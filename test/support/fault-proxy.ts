/** A TCP proxy between an instance and its Redis, with faults on demand. Of Redis' protocol it knows only where a command ends and its name. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { TeardownScope } from './teardown-scope.ts'
import { createCommandReader } from './redis-commands.ts'

export interface FaultProxy {
  /** Redis' address through the proxy. */
  readonly url: string
  /** Resets all open connections; new ones work. */
  reset (): void
  /** `true` resets all open connections and every new one, until `false`. */
  refuse (isRefusing: boolean): void
  /** `true` discards all bytes in both directions, on new connections too. `false` ends that, and resets the connections that have missed something. */
  silence (isSilent: boolean): void
  /** `true` discards what Redis sends on subscribed connections, new ones too. `false` ends that, and resets the connections that have missed something. */
  dropMessages (isDroppingMessages: boolean): void
  /** Delays all that follows in both directions, in order. */
  delay (ms: number): void
  /**
   * Resets the connection at each of the next `times` commands whose name matches: `before` Redis receives the command, or `after` Redis has executed
   * it, without its answer.
   */
  cut (when: 'before' | 'after', times: number, matching?: RegExp): void
  /** How many of these commands are still to come. */
  readonly left: number
}

/** The store's commands, without those that open a connection or keep it alive. */
const storeCommands = /^(?:GET|SET|EVAL|UNLINK|ZREM)$/

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
  let isDroppingMessages = false
  let delayMs = 0
  let cutting = { when: 'before' as 'before' | 'after', left: 0, matching: storeCommands }

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
    const toRedis = createDelayedWriter(far)
    const toInstance = createDelayedWriter(near)

    near.on('data', (bytes) => {
      if (isOver) return
      if (isSilent) {
        pair.hasMissed = true
        return
      }
      for (const { name, raw } of commandsOf(bytes)) {
        if (name === 'SUBSCRIBE') pair.hasSubscribed = true
        if (cutting.left === 0 || !cutting.matching.test(name)) {
          toRedis(raw, delayMs)
          continue
        }
        cutting.left--
        isOver = true
        if (cutting.when === 'before') return end(pair)
        // Redis reads all that it has received before it sees the FIN, so it executes the command.
        far.removeAllListeners('data').resume()
        far.once('close', () => { end(pair) })
        toRedis(raw, delayMs, () => { far.end() })
        return
      }
    })
    far.on('data', (bytes) => {
      if (isSilent || (isDroppingMessages && pair.hasSubscribed)) pair.hasMissed = true
      else toInstance(bytes, delayMs)
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
      isDroppingMessages = is
      if (!is) reset(({ hasMissed }) => hasMissed)
    },
    delay: (ms) => { delayMs = ms },
    cut: (when, times, matching = storeCommands) => { cutting = { when, left: times, matching } },
    get left () { return cutting.left },
  }
}

/** Returns a function that writes to a socket after a delay that may change, always in order; `then` is called after the write. */
const createDelayedWriter = (socket: Socket): (bytes: Buffer, delayMs: number, then?: () => void) => void => {
  const waiting: { readonly send: () => void, readonly dueAt: number }[] = []
  const deliver = (): void => {
    for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
      const earlyMs = first.dueAt - performance.now()
      if (earlyMs > 0) {
        setTimeout(deliver, earlyMs + 1)
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
