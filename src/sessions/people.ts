/** Owns what is kept about a person: the name to be shown by, and which sessions are theirs. Both by `sub`; no WeChat id comes here. */
import { schema, understood } from '../domain/record.ts'
import type { Clock, Names, Store } from '../login/ports.ts'

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
}

export interface People extends Names {
  /** Sets the name a person is shown by; the empty one takes it away. */
  rename (sub: string, name: string): Promise<void>
  /** The ids of a person's sessions, newest first; some may have ended. */
  sessionsOf (sub: string): Promise<readonly string[]>
  /** Notes a session as a person's; again for the same one it changes nothing. */
  addSession (sub: string, id: string, endsAt: number): Promise<void>
  removeSession (sub: string, id: string): Promise<void>
}

/** Makes the register of people on a store. */
export const createPeople = (store: Store, clock: Clock): People => {
  const indexKey = (sub: string): string => `person-sessions:${sub}`
  const nameKey = (sub: string): string => `person-name:${sub}`

  const live = (index: SessionIndex | undefined): SessionIndex['sessions'] =>
    (index?.sessions ?? []).filter(({ endsAt }) => endsAt > clock.now())

  /** Changes the index, starting over where somebody else changed it first. */
  const change = async (sub: string, next: (sessions: SessionIndex['sessions']) => SessionIndex['sessions']): Promise<void> => {
    const key = indexKey(sub)
    for (;;) {
      const before = understood(await store.read<SessionIndex>(key))
      const sessions = next(live(before))
      const after = { schema, ...before, version: (before?.version ?? 0) + 1, sessions }
      const ttlMs = Math.max(1000, ...sessions.map(({ endsAt }) => endsAt - clock.now()))
      if (await (before === undefined ? store.claim(key, after, ttlMs) : store.replace(key, before.version, after, ttlMs))) return
    }
  }

  const nameOf = async (sub: string): Promise<string | null> => understood(await store.read<NameRecord>(nameKey(sub)))?.name ?? null

  return {
    nameOf,
    rename: async (sub, name) => {
      await nameOf(sub) // refuses where the name is another release's
      if (name === '') await store.remove(nameKey(sub))
      else await store.write(nameKey(sub), { schema, name } satisfies NameRecord, null)
    },
    sessionsOf: async (sub) => live(understood(await store.read<SessionIndex>(indexKey(sub)))).map(({ id }) => id).reverse(),
    addSession: (sub, id, endsAt) => change(sub, (sessions) => [...sessions.filter((session) => session.id !== id), { id, endsAt }]),
    removeSession: (sub, id) => change(sub, (sessions) => sessions.filter((session) => session.id !== id)),
  }
}
