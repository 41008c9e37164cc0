/**
 * Turns of phones that bring a js_code. Each costs a call to WeChat and is unproven until WeChat has answered: one client key (an address that many phones
 * of a carrier may share) has few calls under way, more with each right one, half as many with each wrong one, and never none. Devices say of themselves
 * what they are, and one right js_code of a stranger's own proves whatever that call said: a flood can be of proven devices, or each call of it another. So
 * devices of which a phone got in lately and all others have every other turn and half of the queue each, and nothing of the other half.
 */
import { LRUCache } from 'lru-cache'
import { maxEntries } from '../cache-options.ts'
import { afterDeadline } from '../deadline.ts'
import { Problem } from '../errors.ts'
import type { Clock } from '../login/ports.ts'

export interface PhoneCaller {
  /** Whose turns these are: an address', or its network's. */
  readonly clientKey: string
  readonly network: string
  /** What tells devices at one address apart, as far as they say the truth: an honest phone is seldom of the attacker's kind. */
  readonly device: string
}

export interface JsCodeQueue {
  /**
   * Does the work when it is this caller's turn. `isOverLimit`: too many of this client's js_codes were wrong lately, so that they come one at
   * a time and some way apart. Rejects with `rate-limited` where too many wait already or the wait is too long, and as the work does.
   */
  run<T> (caller: PhoneCaller, isOverLimit: boolean, work: () => Promise<T>): Promise<T>
}

interface Client {
  /** The network's, where this is an address. What is under way or proven here is so there, too, as turns may become the network's at any time. */
  readonly network: Client | undefined
  allowed: number
  underWay: number
  /** The next call begins no sooner, on the steady clock. */
  notBefore: number
  /** Devices of which a phone got in lately, the latest last. */
  readonly proven: Set<string>
  /** The device that had the last turn, among the proven and among the others; and which of these had it. */
  readonly lastDevice: { proven: string, unproven: string }
  lastKind: 'proven' | 'unproven'
  readonly waiting: Waiter[]
  cancelTimer: () => void
}

interface Waiter {
  readonly device: string
  readonly start: () => void
  /** Turns the caller away. */
  readonly giveUp: () => void
}

const firstAllowed = 4
const mostAllowed = 32
/** After a wrong js_code of a client that is over its limit: 120 a minute at the most. */
const gapMs = 500
const maxWaiting = 128
/** Of one device at one address: the rest is for the others. */
const maxWaitingOfDevice = maxWaiting / 2
/** Of one client: enough for the common phones at one address, and 4 kB. */
const maxProven = 16
/** A few kilobytes each. Whoever finds a place among those under way doesn't wait, however many do. */
const maxWaitingInAll = 4000
/** With WeChat's own time still less than the 6 s within which everything is answered. */
const longestWaitMs = 1500
/** Addresses and networks. */
const maxClients = 20_000

/** `random` gives numbers from 0 up to 1. */
export const createJsCodeQueue = (clock: Pick<Clock, 'steady' | 'after'>, random: () => number = Math.random): JsCodeQueue => {
  const clients = new LRUCache<string, Client>(maxEntries(maxClients))
  let waitingInAll = 0

  const clientOf = (clientKey: string, network?: Client): Client => {
    const known = clients.get(clientKey)
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
    clients.set(clientKey, client)
    return client
  }

  const remove = (client: Client, waiter: Waiter): void => {
    client.waiting.splice(client.waiting.indexOf(waiter), 1)
    waitingInAll--
  }

  /** The first of those who come next: proven devices and others take turns, and among each of these one device and another. */
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
   * Whose place a newcomer takes where there is none: one of their device's where that has its share, one of the kind that has more than half of a full
   * queue with them. Which of these is left to chance: most are a flood's, which by any rule could choose whom its next one hits.
   */
  const displacedBy = (device: string, { waiting, proven }: Client): Waiter | undefined => {
    const anyOf = (those: readonly Waiter[]): Waiter | undefined => those[Math.floor(random() * those.length)]
    const ofDevice = waiting.filter((waiter) => waiter.device === device)
    if (ofDevice.length >= maxWaitingOfDevice) return anyOf(ofDevice)
    if (waiting.length < maxWaiting) return undefined
    const isProven = (waiter: Pick<Waiter, 'device'>): boolean => proven.has(waiter.device)
    const areMostProven = [...waiting, { device }].filter(isProven).length > maxWaiting / 2
    return anyOf(waiting.filter((waiter) => isProven(waiter) === areMostProven))
  }

  /** Lets in as many as may go. */
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
      reject(busy())
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
        reject(busy())
      },
    }
    const cancel = afterDeadline(clock, longestWaitMs, waiter.giveUp)
    client.waiting.push(waiter)
    waitingInAll++
    serve(client)
  })

  return {
    run: async ({ clientKey, network, device }, isOverLimit, work) => {
      const whole = clientOf(network)
      const client = clientKey === network ? whole : clientOf(clientKey, whole)
      if (isOverLimit) client.allowed = 1
      await turn(client, device)
      try {
        const result = await work()
        client.allowed = Math.min(mostAllowed, client.allowed + 1)
        prove(client, device)
        return result
      } catch (error) {
        if (error instanceof Problem && error.code === 'js-code-invalid') {
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

const busy = (): Problem => new Problem('rate-limited', { retryAfterSeconds: 2 })
