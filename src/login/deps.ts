/** What the use cases work with: the ports, the waiting room and the settings. */
import type { RandomBytes } from '../domain/ids.ts'
import type { MatchMode } from '../domain/match.ts'
import type { Audit } from './audit.ts'
import type { Clock, Names, Places, Tickets, WrongNumbers } from './ports.ts'
import type { WaitingRoom } from './waiting-room.ts'

export interface LoginDeps {
  readonly tickets: Tickets
  readonly waitingRoom: WaitingRoom
  readonly names: Names
  readonly places: Places
  readonly wrongNumbers: WrongNumbers
  readonly clock: Clock
  readonly random: RandomBytes
  /** Hears each step with whose call it was, so each call brings its own. */
  readonly audit: Audit
  readonly settings: {
    readonly ticketTtlSeconds: number
    /** How the phone asks for the number on the screen, and whether it does. */
    readonly matchNumbers: MatchMode | 'off'
    /** Origins that a visitor may be returned to, the site's own among them. */
    readonly returnOrigins: readonly string[]
  }
}
