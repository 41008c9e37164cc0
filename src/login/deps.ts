import type { Registration } from '../domain/person.ts'
import type { RandomBytes } from '../domain/ids.ts'
import type { MatchMode } from '../domain/match.ts'
import type { Audit } from './audit.ts'
import type { PersonRegister, WechatIdRegister } from './people-port.ts'
import type { Clock, Places, Tickets, WrongNumbers } from './ports.ts'
import type { WaitingRoom } from './waiting-room.ts'

/** What one call of a use case works with. `createLogin` adds the call's audit to what all calls share. */
export interface LoginDeps {
  readonly tickets: Tickets
  readonly waitingRoom: WaitingRoom
  readonly people: PersonRegister
  readonly wechatIds: WechatIdRegister
  readonly places: Places
  readonly wrongNumbers: WrongNumbers
  readonly clock: Clock
  readonly random: RandomBytes
  readonly audit: Audit
  readonly settings: {
    readonly ticketTtlSeconds: number
    /** How the phone asks for the number on the screen; `off` for not at all. */
    readonly matchNumbers: MatchMode | 'off'
    readonly registration: Registration
    /** Origins that a visitor may be returned to, the site's own among them. */
    readonly returnOrigins: readonly string[]
  }
}
