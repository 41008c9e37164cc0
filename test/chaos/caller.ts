/** How an actor calls the service: another instance each time, recorded in the history, and repeated after a failure as a good client does. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Service } from '../support/clients.ts'
import type { Answer, Call } from '../support/test-service.ts'
import type { History } from './history.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

export interface Caller extends Service {
  /** The same actor at a given instance. */
  at (instance: number): Service
}

/** A balancer stops using an instance that is down, and sometimes notices late. */
const lateShare = 0.15

/** Makes the calls of one actor. Consecutive calls go to different instances if possible. */
export const createCaller = ({ world, history }: { readonly world: World, readonly history: History }, actor: string, random: Random): Caller => {
  let last = random.integer(0, world.instances.length - 1)
  const send = (instance: number, call: Call): Promise<Answer> => {
    const to = world.instances[instance]
    if (to === undefined) throw new RangeError('there is no such instance')
    return history.call({ actor, instance }, call, to.call)
  }
  return {
    call: (call) => {
      const others = world.instances.map((_, i) => i).filter((i) => i !== last)
      const up = others.filter((i) => world.instances[i]?.isUp)
      last = random.pick(up.length === 0 || random.chance(lateShare) ? others : up)
      return send(last, call)
    },
    at: (instance) => ({ call: (call) => send(instance, call) }),
  }
}

/** Tries once; undefined if no answer came. */
export const once = async (act: () => Promise<Answer>): Promise<Answer | undefined> => await act().catch(() => undefined)

const tries = 12

/** Tries until an answer is neither 5xx nor 429; undefined after a dozen tries. */
export const persist = async (act: () => Promise<Answer>): Promise<Answer | undefined> => {
  for (let n = 0; n < tries; n++) {
    const answer = await once(act)
    if (answer !== undefined && answer.status < 500 && answer.status !== 429) return answer
    await waitToRetry(answer)
  }
  return undefined
}

/** Waits for the Retry-After of an answer, or 300 ms if there was no answer. */
export const waitToRetry = async (answer: Answer | undefined): Promise<void> => {
  await sleep(answer === undefined ? 300 : Number(answer.headers['retry-after'] ?? 1) * 1000)
}
