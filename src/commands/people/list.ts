/** `list` and `show`: who has been here, read page by page. */
import { handleOf, knownStates, type KnownState, type Person } from '../../domain/person.ts'
import { Problem } from '../../errors.ts'
import type { PeoplePage } from '../../login/people-port.ts'
import { print } from '../print.ts'
import { asJson, counted, heading, lineOf, momentOf } from './output.ts'
import type { Parts } from './parts.ts'

const pageSize = 500

/** The pages of everybody in a state. A reader such as `less` holds the process up, and a connection to Redis doesn't outlive that. */
export async function * pagesOf ({ people, untilReady }: Parts, state: KnownState): AsyncGenerator<readonly Person[]> {
  let after: string | null = null
  do {
    const page: { readonly after: string | null, readonly limit: number } = { after, limit: pageSize }
    const { people: listed, next }: PeoplePage = await people.list(state, page).catch(async () => {
      await untilReady()
      return await people.list(state, page)
    })
    yield listed
    after = next
  } while (after !== null)
}

export interface Listing {
  /** Null for all. */
  readonly state: KnownState | null
  readonly asJson: boolean
}

export const list = async (parts: Parts, { state, asJson: isJson }: Listing): Promise<void> => {
  if (!isJson && !await print(`${await summaryOf(parts)}\n`)) return
  let isFirst = true
  for (const one of state === null ? knownStates : [state]) {
    for await (const page of pagesOf(parts, one)) {
      if (page.length === 0) continue
      const lines = page.map((person) => isJson ? `${JSON.stringify(asJson(person))}\n` : lineOf(person)).join('')
      if (!await print(isFirst && !isJson ? `\n${heading}${lines}` : lines)) return
      isFirst = false
    }
  }
}

const summaryOf = async ({ people }: Parts): Promise<string> => {
  const [waiting = 0, active = 0, blocked = 0] = await Promise.all(knownStates.map((state) => people.count(state)))
  if (waiting + active + blocked === 0) return 'Nobody has been here yet. A person is known from their first scan, or by an import.'
  return `${counted(waiting, 'person waits', 'people wait')} to be let in, ${active} may come in, ${blocked === 1 ? '1 is' : `${blocked} are`} blocked.`
}

export interface Showing {
  readonly sub: string
  readonly withWechatIds: boolean
  readonly asJson: boolean
}

/** Rejects with `not-found` where nobody is known by this id. */
export const show = async ({ people, sessions, wechatIds }: Parts, { sub, withWechatIds, asJson: isJson }: Showing): Promise<void> => {
  const person = await people.read(sub)
  if (person.state === 'unknown') throw new Problem('not-found')
  const [listed, ids] = await Promise.all([sessions.listOf(person), withWechatIds ? wechatIds.read(sub) : undefined])
  const { openid = null, unionid = null } = ids ?? {}
  if (isJson) {
    await print(`${JSON.stringify({ ...asJson(person), browsers: listed.length, ...(withWechatIds && { openid, unionid }) })}\n`)
    return
  }
  const rows: ReadonlyArray<readonly [string, string]> = [
    ['handle', handleOf(sub)],
    ['sub', sub],
    ['state', person.state],
    ['name', person.name ?? '-'],
    ['groups', person.groups.join(', ') || '-'],
    ['owner', person.isOwner ? 'yes' : 'no'],
    ['first seen', momentOf(person.firstSeenAt)],
    ['last seen', momentOf(person.lastSeenAt)],
    ['browsers', `${listed.length} logged in`],
    ...(withWechatIds ? [['openid', openid ?? 'not kept'], ['unionid', unionid ?? 'not kept']] as const : []),
  ]
  await print(rows.map(([name, value]) => `${name.padEnd(10)}  ${value}\n`).join(''))
}
