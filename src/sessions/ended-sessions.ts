/**
 * The queue of ended sessions that sites of the OpenID Provider know, in the store: a sorted list of sealed texts, which begin with a time. Any process that ends a session
 * adds to it, an operator's command, too; the provider delivers it. Sealed, as it names people.
 */
import { createSeal } from '../domain/seal.ts'
import type { Clock } from '../login/ports.ts'
import type { Store } from '../login/store-port.ts'

/** A session that has ended, or is about to: its end is stored after this. */
export interface EndedSession {
  readonly sub: string
  readonly sessionId: string
}

/** A site that is to hear of an end. `sid` is what it calls the session. */
export interface SiteToTell {
  readonly sub: string
  readonly sid: string
  readonly clientId: string
}

export interface QueuedEnd {
  /** As in the list. */
  readonly text: string
  /** When it was added, by the store's clock. */
  readonly at: number
  /** Null where it was sealed with another cookie key. */
  readonly end: EndedSession | SiteToTell | null
}

export interface EndedSessions {
  add (end: EndedSession | SiteToTell, at?: number): Promise<QueuedEnd>
  /** The oldest first; those after `after`, a text or the start of one. */
  list (after: string | null, limit: number): Promise<readonly QueuedEnd[]>
  remove (text: string): Promise<void>
}

const listName = 'ended-sessions'
const timeDigits = 13

/** The start of the texts that were added then. */
export const startOfTexts = (at: number): string => String(Math.max(0, Math.floor(at))).padStart(timeDigits, '0')

export const createEndedSessions = (store: Pick<Store, 'addToList' | 'readList' | 'removeFromList'>, { clock, sealingKey }: { readonly clock: Pick<Clock, 'now'>, readonly sealingKey: Buffer }): EndedSessions => {
  const seal = createSeal(sealingKey, listName)

  const open = (text: string): QueuedEnd['end'] => {
    const start = text.slice(0, timeDigits)
    const [sub, id, clientId] = seal.decrypt(text.slice(timeDigits), start)?.split(' ') ?? []
    if (sub === undefined || id === undefined) return null
    return clientId === undefined ? { sub, sessionId: id } : { sub, sid: id, clientId }
  }

  return {
    add: async (end, at = clock.now()) => {
      const start = startOfTexts(at)
      // None of these has a space in it. With the longest client id a text has 226 characters, of the 300 that a list takes.
      const members = 'sessionId' in end ? [end.sub, end.sessionId] : [end.sub, end.sid, end.clientId]
      const text = `${start}${seal.encrypt(members.join(' '), start)}`
      await store.addToList(listName, text)
      return { text, at: Number(start), end }
    },
    list: async (after, limit) => (await store.readList(listName, { prefix: '', after, limit }))
      .map((text) => ({ text, at: Number(text.slice(0, timeDigits)), end: open(text) })),
    remove: async (text) => { await store.removeFromList(listName, text) },
  }
}

/** An end is told for so long. */
export const toldForMs = 86_400_000

const sweepEveryMs = 3600_000

/**
 * Removes what is too old, for a service without the provider, in which nobody else does: sessions that sites knew may end after it was turned off. Returns the function
 * that stops it.
 */
export const sweepEndedSessions = (queue: EndedSessions, clock: Clock): () => void => {
  let cancel = (): void => {}
  let isStopped = false
  const sweep = async (): Promise<void> => {
    for (;;) {
      const old = (await queue.list(null, 100)).filter(({ at }) => at < clock.now() - toldForMs)
      if (old.length === 0) return
      await Promise.all(old.map(({ text }) => queue.remove(text)))
    }
  }
  const schedule = (ms: number): void => {
    cancel = clock.after(ms, () => { sweep().catch(() => {}).finally(() => { if (!isStopped) schedule(sweepEveryMs) }) }) // the store has logged its fault
  }
  schedule(60_000) // when the store is connected, and the start is over
  return () => {
    isStopped = true
    cancel()
  }
}
