import { knownStates } from '../../domain/person.ts'
import type { Parts } from './parts.ts'

const pageSize = 100

/** Removes the WeChat ids of everybody, once they are kept no more. Those of people who never scanned end within a day by themselves. Returns how many there were. */
export const forgetWechatIds = async ({ config, people, wechatIds }: Parts): Promise<number> => {
  if (config.KEEP_WECHAT_IDS === 'on') throw new Error('KEEP_WECHAT_IDS is on: turn it off and start the service again, or it keeps them anew')
  let count = 0
  for (const state of knownStates) {
    let after: string | null = null
    do {
      const page = await people.list(state, { after, limit: pageSize })
      const removed = await Promise.all(page.people.map(({ sub }) => wechatIds.erase(sub)))
      count += removed.filter((isRemoved) => isRemoved).length
      after = page.next
    } while (after !== null)
  }
  return count
}
