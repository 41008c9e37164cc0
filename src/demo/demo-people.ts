/** Who may come into the demo: its owner, and a REGISTRATION that its window switches. Production reads REGISTRATION once, and owners are made by a command there. */
import { createSecretKey } from 'node:crypto'
import { subjectOf, type Registration } from '../domain/person.ts'
import { createPeople } from '../people/people.ts'
import type { Runtime } from '../runtime.ts'
import { firstPeople } from './first-people.ts'
import type { WechatSimulator } from './wechat-simulator.ts'

/** Read at each call. */
export interface DemoAdmission { registration: Registration }

/** The simulated WeChat, for whose first person the demo makes an owner before they get their first js_code. */
export const wechatWithOwner = (simulator: WechatSimulator, { store, clock, keys }: Pick<Runtime, 'store' | 'clock' | 'keys'>) => {
  const people = createPeople(store, clock)
  const subjectKey = createSecretKey(keys.subject)
  const makeOwner = async (person: string): Promise<void> => {
    const sub = subjectOf(simulator.appid, simulator.openidOf(person), subjectKey)
    const { state, isOwner } = await people.read(sub)
    if (state === 'unknown') await people.create(sub, { state: 'active', isSeen: true })
    if (!isOwner) await people.setOwner(sub, true)
  }
  return {
    jsCode: async (person: string): Promise<string> => {
      if (Object.values<string>(firstPeople).includes(person)) await makeOwner(person)
      return simulator.jsCode(person)
    },
  }
}
