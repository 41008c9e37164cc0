/**
 * A fair queue for phones that log in. Each js_code costs a call to WeChat, and only WeChat knows whether it is right. So one queue key (an address that many
 * phones of a carrier may share) has few calls under way: one more with each right js_code, half as many with each wrong one, and at least one.
 *
 * A device (a User-Agent) is proven when one of its phones has logged in lately. That protects honest phones from a flood of wrong js_codes at their address,
 * but not alone: a User-Agent can be forged, and an attacker's own right js_code proves the one that it came with. So a flood may be of proven devices, or of a
 * new device with each call. Therefore proven and unproven devices take turns, and each kind has half of the queue, which the other can't use.
 */
import { LRUCache } from 'lru-cache'
import { maxEntries } from '../cache-options.ts'
import { afterDeadline } from '../deadline.ts'
import { Problem } from '../errors.ts'
import type { Clock } from '../login/ports.ts'

export interface PhoneCaller {
  /** An address, or its network. */
  readonly queueKey: string
  readonly network: string
  /** What the phone says it is (its User-Agent), to tell apart phones at one address: an honest phone seldom has the same as the attacker. */
  readonly device: string
}

export interface JsCodeQueue {
  /**
   * Does the work when it is this caller's turn. `isOverLimit`: too many js_codes of this client were wrong lately, so its calls run one at a time and with
   * gaps. Rejects with `rate-limited` when the queue is full or the wait too long, and as the work does.
   */
  run<T> (caller: PhoneCaller, isOverLimit: boolean, work: () => Promise<T>): Promise<T>
}

interface Client {
  /** The network of an address. What is under way or proven at the address counts for the network, too, as limits may move to the network at any time. */
  readonly network: Client | undefined
  allowed: number
  underWay: number
  /** When the next call may begin, on the steady clock. */
  notBefore: number
  /** Devices with a login lately, the latest last. */
  readonly proven: Set<string>
  /** The device of the last turn, for each kind; and the kind of the last turn. */
  readonly lastDevice: { proven: string, unproven: string }
  lastKind: 'proven' | 'unproven'
  readonly waiting: Waiter[]
  cancelTimer: () => void
}

interface Waiter {
  readonly device: string
  readonly start: () => void
  /** Rejects the caller. */
  readonly giveUp: () => void
}

const firstAllowed = 4
const mostAllowed = 32
/** After a wrong js_code of a client over its limit: at most 120 calls a minute. */
const gapMs = 500
const maxWaiting = 128
/** Of one device at one address: the other half of the queue is for other devices. */
const maxWaitingOfDevice = maxWaiting / 2
/** Of one client: enough for the common phones at one address, in 4 kB. */
const maxProven = 16
/** A few kilobytes each. Calls that can begin at once never wait, however many others do. */
const maxWaitingInAll = 4000
/** Together with WeChat's timeout less than the 6 s within which everything is answered. */
const longestWaitMs = 1500
/** Addresses and networks. */
const maxClients = 20_000

/** `random` gives numbers from 0 up to 1. */
export const createJsCodeQueue = (clock: Pick<Clock, 'steady' | 'after'>, random: () => number = Math.random): JsCodeQueue => {
  const clients = new LRUCache<string, Client>(maxEntries(maxClients))
  let waitingInAll = 0

  const clientOf = (queueKey: string, network?: Client): Client => {
    const known = clients.get(queueKey)
    if (known !== undefined) return known
    const client: Client = {
      network,
      allowed: firstAllowed,
      underWay: 0,
      notBefore: -Infinity,
      proven: new Set(),
      lastDevice: { proven: '', unproven: '' },
      lastKind: 'unproven',
      waiting: [],
      cancelTimer: () => {},
    }
    clients.set(queueKey, client)
    return client
  }

  const remove = (client: Client, waiter: Waiter): void => {
    client.waiting.splice(client.waiting.indexOf(waiter), 1)
    waitingInAll--
  }

  /** The next waiter: proven and unproven devices take turns, and within each kind the devices do. */
  const next = ({ waiting, proven, lastDevice, lastKind }: Client): Waiter | undefined => {
    const firstOf = (kind: Client['lastKind']): Waiter | undefined => {
      const ofKind = waiting.filter(({ device }) => proven.has(device) === (kind === 'proven'))
      return ofKind.find(({ device }) => device !== lastDevice[kind]) ?? ofKind[0]
    }
    return firstOf(lastKind === 'proven' ? 'unproven' : 'proven') ?? firstOf(lastKind)
  }

  const begin = (client: Client, device: string): void => {
    client.underWay++
    if (client.network !== undefined) client.network.underWay++
    client.lastKind = client.proven.has(device) ? 'proven' : 'unproven'
    client.lastDevice[client.lastKind] = device
  }

  const end = (client: Client): void => {
    client.underWay--
    serve(client)
    if (client.network !== undefined) end(client.network)
  }

  const prove = ({ proven, network }: Client, device: string): void => {
    if (network !== undefined) prove(network, device)
    proven.delete(device)
    proven.add(device)
    const [first] = proven
    if (proven.size > maxProven && first !== undefined) proven.delete(first)
  }

  /**
   * The waiter that is rejected for a new one: one of the same device where that has its share; in a full queue one of the kind that would have more than half.
   * At random among these: most belong to a flood, and with any fixed rule the flood could choose which waiter its next call displaces.
   */
  const displacedBy = (device: string, { waiting, proven }: Client): Waiter | undefined => {
    const anyOf = (waiters: readonly Waiter[]): Waiter | undefined => waiters[Math.floor(random() * waiters.length)]
    const ofDevice = waiting.filter((waiter) => waiter.device === device)
    if (ofDevice.length >= maxWaitingOfDevice) return anyOf(ofDevice)
    if (waiting.length < maxWaiting) return undefined
    const isProven = (waiter: Pick<Waiter, 'device'>): boolean => proven.has(waiter.device)
    const areMostProven = [...waiting, { device }].filter(isProven).length > maxWaiting / 2
    return anyOf(waiting.filter((waiter) => isProven(waiter) === areMostProven))
  }

  /** Starts as many waiters as may run. */
  const serve = (client: Client): void => {
    client.cancelTimer()
    client.cancelTimer = () => {}
    while (client.underWay < client.allowed) {
      const waiter = next(client)
      if (waiter === undefined) return
      const waitMs = client.notBefore - clock.steady()
      if (waitMs > 0) {
        client.cancelTimer = clock.after(waitMs, () => { serve(client) })
        return
      }
      remove(client, waiter)
      begin(client, waiter.device)
      waiter.start()
    }
  }

  const turn = (client: Client, device: string): Promise<void> => new Promise((resolve, reject) => {
    if (client.waiting.length === 0 && client.underWay < client.allowed && client.notBefore <= clock.steady()) {
      begin(client, device)
      resolve()
      return
    }
    const displaced = displacedBy(device, client)
    if (displaced === undefined && waitingInAll >= maxWaitingInAll) {
      reject(queueFull())
      return
    }
    displaced?.giveUp()
    const waiter = {
      device,
      start: () => {
        cancel()
        resolve()
      },
      giveUp: () => {
        cancel()
        remove(client, waiter)
        reject(queueFull())
      },
    }
    const cancel = afterDeadline(clock, longestWaitMs, waiter.giveUp)
    client.waiting.push(waiter)
    waitingInAll++
    serve(client)
  })

  return {
    run: async ({ queueKey, network, device }, isOverLimit, work) => {
      const networkClient = clientOf(network)
      const client = queueKey === network ? networkClient : clientOf(queueKey, networkClient)
      if (isOverLimit) client.allowed = 1
      await turn(client, device)
      try {
        const result = await work()
        client.allowed = Math.min(mostAllowed, client.allowed + 1)
        prove(client, device)
        return result
      } catch (error) {
        if (isWrongJsCode(error)) {
          client.allowed = Math.max(1, Math.floor(client.allowed / 2))
          if (isOverLimit) client.notBefore = clock.steady() + gapMs
        }
        throw error
      } finally {
        end(client)
      }
    },
  }
}

/** Whether the phone brought a wrong js_code. One that a lost call of ours may have used up was right. */
export const isWrongJsCode = (error: unknown): boolean => error instanceof Problem && error.code === 'js-code-invalid' && !error.isOurFault

const queueFull = (): Problem => new Problem('rate-limited', { retryAfterSeconds: 2 })
