/** The logins that this phone has confirmed, kept until their tickets end: the service lists a login once its browser has taken the session, and not before. */
import type { BrowserName } from './answers'
import type { Platform } from './ports'

export interface KeptLogin {
  readonly ticket: string
  /** By which it can be ended; undefined while the answer to the confirmation is missing, and from an older service. */
  readonly session?: string
  /** Milliseconds since 1970, by the service's clock. */
  readonly endsAt: number
  readonly browser: BrowserName
  /** The name of the site that the login is for; null if that is the service's own. */
  readonly site: string | null
}

export interface KeptLogins {
  /** The latest first. */
  list (now: number): readonly KeptLogin[]
  /** Takes the place of what was kept of the same ticket. */
  keep (login: KeptLogin): void
  /** Removes those that `isGone` returns true for. */
  forget (isGone: (login: KeptLogin) => boolean): void
}

const storageKey = 'scan-login-logins'
const limit = 8 // nobody confirms more within a ticket's life

export const createKeptLogins = (platform: Platform): KeptLogins => {
  // Also in memory: if storage fails, only the next start forgets.
  let logins: readonly KeptLogin[] = platform.isTooOld ? [] : parsed(platform.getStorage(storageKey))

  const store = (next: readonly KeptLogin[]): void => {
    if (next.length === 0 && logins.length === 0) return
    logins = next
    platform.setStorage(storageKey, next.length === 0 ? undefined : JSON.stringify(next))
  }

  return {
    list: (now) => logins.filter(({ endsAt }) => now < endsAt),
    keep: (login) => store([login, ...logins.filter(({ ticket }) => ticket !== login.ticket)].slice(0, limit)),
    forget: (isGone) => store(logins.filter((login) => !isGone(login))),
  }
}

const parsed = (text: string | undefined): readonly KeptLogin[] => {
  try {
    const value: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(value) ? value as KeptLogin[] : [] // only `store` writes it
  } catch {
    return []
  }
}
