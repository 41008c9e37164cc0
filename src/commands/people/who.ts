/** Whom a command is about. */
import { isSecret } from '../../domain/ids.ts'
import { handleOf, isHandle } from '../../domain/person.ts'
import { Problem } from '../../errors.ts'
import { pagesOf } from './list.ts'
import type { Parts } from './parts.ts'

/** Returns the work on a person, who is found once the store is open. Throws where `who` is neither a handle nor a sub. */
export const forPerson = (who: string, work: (parts: Parts, sub: string) => Promise<void>) => {
  if (!isSecret(who) && !isHandle(who)) throw new Error(`${JSON.stringify(who)} is neither a handle (wx- and 16 characters) nor a sub (43 characters): "npm run people -- list" has the handles`)
  return async (parts: Parts): Promise<void> => {
    try {
      await work(parts, isSecret(who) ? who : await parts.people.byHandle(who) ?? await blockedByHandle(parts, who) ?? unknown(who))
    } catch (error) {
      if (error instanceof Problem && error.code === 'not-found') unknown(who)
      if (error instanceof Problem && error.code === 'person-blocked') throw new Error(`${who} is blocked: let them in first, with "allow"`, { cause: error })
      throw error
    }
  }
}

const unknown = (who: string): never => { throw new Error(`nobody is known as ${who}: a person is known from their first scan, or by an import`) }

/** Of a blocked person who was erased nothing is kept but that: no list has their handle, and an operator still has to be able to let them in. */
const blockedByHandle = async (parts: Parts, handle: string): Promise<string | undefined> => {
  for await (const page of pagesOf(parts, 'blocked')) {
    const found = page.find(({ sub }) => handleOf(sub) === handle)
    if (found !== undefined) return found.sub
  }
  return undefined
}
