import type { RandomBytes } from '../domain/ids.ts'
import type { MatchMode } from '../domain/match.ts'
import type { Audit } from './audit.ts'
import type { Clock, Names, Places, Tickets, WrongNumbers } from './ports.ts'
import type { WaitingRoom } from './waiting-room.ts'

/** What one call of a use case works with. `createLogin` adds the call's audit to what all calls share. */
export interface LoginDeps {
  readonly tickets: Tickets
  readonly waitingRoom: WaitingRoom
  readonly names: Names
  readonly places: Places
  readonly wrongNumbers: WrongNumbers
  readonly clock: Clock
  readonly random: RandomBytes
  readonly audit: Audit
  readonly settings: {
    readonly ticketTtlSeconds: number
    /** How the phone asks for the number on the screen; `off` for not at all. */
    readonly matchNumbers: MatchMode | 'off'
    /** Origins that a visitor may be returned to, the site's own among them. */
    readonly returnOrigins: readonly string[]
  }
}
