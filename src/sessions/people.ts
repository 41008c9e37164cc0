/** Owns what is kept about a person: the name to be shown by, and which sessions are theirs. Both by `sub`; no WeChat id comes here. */
import { whyNotName } from '../domain/person.ts'
import { schema, understood } from '../domain/record.ts'
import type { Clock, Names } from '../login/ports.ts'
import type { Store } from '../login/store-port.ts'

/** As stored. */
interface NameRecord {
  readonly schema: typeof schema
  readonly name: string
}

/** As stored. */
interface SessionIndex {
  readonly schema: typeof schema
  readonly version: number
  /** Oldest first. Times are milliseconds since 1970. */
  readonly sessions: ReadonlyArray<{ readonly id: string, readonly endsAt: number }>
  /** What was approved at this moment or before opens no session any more. Missing where nothing was ended, and from an earlier release. */
  readonly endedAt?: number
}

/** `endedAt` is remembered for longer than a ticket lives. Milliseconds. */
const endedKeptMs = 2 * 3600_000

export interface People extends Names {
  /** Sets the name a person is shown by; the empty one takes it away. */
  rename (sub: string, name: string): Promise<void>
  /** The ids of a person's sessions, newest first; some may have ended. */
  sessionsOf (sub: string): Promise<readonly string[]>
  /** Notes a session as a person's; again for the same one it changes nothing. False where all was ended since `approvedAt`. */
  addSession (sub: string, id: string, endsAt: number, approvedAt: number): Promise<boolean>
  /** Notes that all was ended that was approved at `endedAt` or before. Gives the ids of the sessions noted until now. */
  closeSessions (sub: string, endedAt: number): Promise<readonly string[]>
  removeSessions (sub: string, ids: readonly string[]): Promise<void>
}

/** Makes the register of people on a store. */
export const createPeople = (store: Store, clock: Clock): People => {
  const indexKey = (sub: string): string => `person-sessions:${sub}`
  const nameKey = (sub: string): string => `person-name:${sub}`

  const live = (index: SessionIndex | undefined): SessionIndex['sessions'] =>
    (index?.sessions ?? []).filter(({ endsAt }) => endsAt > clock.now())

  /** Changes the index, starting over where somebody else changed it first; not at all where `next` says undefined. Gives it as it was before. */
  const change = async (sub: string, next: (sessions: SessionIndex['sessions'], endedAt: number) => Partial<SessionIndex> | undefined): Promise<SessionIndex['sessions'] | undefined> => {
    const key = indexKey(sub)
    for (;;) {
      const before = understood(await store.read<SessionIndex>(key))
      const changed = next(live(before), before?.endedAt ?? 0)
      if (changed === undefined) return undefined
      if (Object.keys(changed).length === 0) return live(before) // nothing new: a consume that is asked for again and again writes nothing
      const after = { schema, ...before, sessions: live(before), ...changed, version: (before?.version ?? 0) + 1 }
      const ttlMs = Math.max(1000, (after.endedAt ?? 0) + endedKeptMs - clock.now(), ...after.sessions.map(({ endsAt }) => endsAt - clock.now()))
      if (await (before === undefined ? store.claim(key, after, ttlMs) : store.replace(key, before.version, after, ttlMs))) return live(before)
    }
  }

  const nameOf = async (sub: string): Promise<string | null> => {
    const name = understood(await store.read<NameRecord>(nameKey(sub)))?.name
    // An earlier release took names that mimic; they are shown to nobody.
    return name !== undefined && whyNotName(name) === null ? name : null
  }

  return {
    nameOf,
    rename: async (sub, name) => {
      await nameOf(sub) // refuses where the name is another release's
      if (name === '') await store.remove(nameKey(sub))
      else await store.write(nameKey(sub), { schema, name } satisfies NameRecord, null)
    },
    sessionsOf: async (sub) => live(understood(await store.read<SessionIndex>(indexKey(sub)))).map(({ id }) => id).reverse(),
    addSession: async (sub, id, endsAt, approvedAt) => await change(sub, (sessions, endedAt) => {
      if (approvedAt <= endedAt) return undefined
      if (sessions.some((session) => session.id === id && session.endsAt === endsAt)) return {}
      return { sessions: [...sessions.filter((session) => session.id !== id), { id, endsAt }] }
    }) !== undefined,
    closeSessions: async (sub, endedAt) => {
      const sessions = await change(sub, (_sessions, before) => ({ endedAt: Math.max(before, endedAt) }))
      return (sessions ?? []).map(({ id }) => id)
    },
    removeSessions: async (sub, ids) => { await change(sub, (sessions) => ({ sessions: sessions.filter(({ id }) => !ids.includes(id)) })) },
  }
}
