/** What the tests expect of a website that logs people in with a library nobody here wrote. */
import type { Test } from 'tap'

/** What an owner enters in the website. */
export interface PartySettings {
  readonly issuer: string
  /** The website's own address, `http://127.0.0.1:<port>`, without a slash at its end. */
  readonly url: string
  readonly clientId: string
  readonly clientSecret: string
}

/** The website's addresses. Every one is on its own origin. */
export interface PartyPaths {
  /** Shows JSON: `claims`, null while nobody is logged in, and `userinfo` where the library keeps that apart. */
  readonly home: string
  /** Begins a login. */
  readonly login: string
  /** Redirect URI. */
  readonly callback: string
  /** Ends the session of the website and then that of the service; null where the library can't. */
  readonly logout: string | null
  /** Where the service sends the browser after a logout. */
  readonly afterLogout: string | null
  /** Where the service posts logout tokens; null where the library takes none. */
  readonly backchannel: string | null
}

export interface Party {
  readonly name: string
  readonly paths: PartyPaths
  /** Starts the website at `settings.url`, until the test ends. */
  open (t: Test, settings: PartySettings): Promise<unknown>
}
