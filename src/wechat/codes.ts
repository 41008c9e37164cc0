/** Owns the supply of codes: getwxacodeunlimit with the ticket id as `scene`. Codes never end on WeChat's side; tickets do, elsewhere. */
import type { CodeImage, CodeSupply } from '../login/ports.ts'
import type { TicketSupply } from './ticket-supply.ts'
import type { CallWithToken } from './token-call.ts'

/** Which version of the mini program a code or a link opens. */
export type EnvVersion = 'release' | 'trial' | 'develop'

export interface CodesOptions {
  readonly callWithToken: CallWithToken
  readonly supply: TicketSupply<CodeImage>
  readonly envVersion: EnvVersion
}

export const loginPage = 'pages/login/login'
/** Twice the stage it is shown on (240 px), for screens of double density. WeChat takes 280 to 1280. */
const widthPx = 480

export const createCodes = ({ callWithToken, supply, envVersion }: CodesOptions): CodeSupply => ({
  codeFor: (ticketId) => supply(ticketId, (deadline) => callWithToken({
    endpoint: 'getwxacodeunlimit',
    // Only the published version is checked for the page, so the check would refuse every code for the others.
    json: { scene: ticketId, page: loginPage, env_version: envVersion, check_path: envVersion === 'release', width: widthPx },
    deadline,
    read: ({ image }) => image,
  })),
})
