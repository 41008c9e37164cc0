/** Codes: getwxacodeunlimit with the ticket id as `scene`. They never end on WeChat's side; tickets do, elsewhere. */
import type { CodeImage, CodeSupply } from '../login/ports.ts'
import type { TicketCall, TicketSupply } from './ticket-supply.ts'
import type { CallWithToken } from './token-call.ts'

/** Which version of the mini program a code or a link opens. */
export type EnvVersion = 'release' | 'trial' | 'develop'

export interface CodesOptions {
  readonly callWithToken: CallWithToken
  readonly supply: TicketSupply<CodeImage>
  readonly envVersion: EnvVersion
}

export const loginPage = 'pages/login/login'
/**
 * Half as much again as the 240 px it is shown at. Simulated codes, shown on 480 device pixels and photographed at several sizes, blurred and noisy,
 * are read as often with 360 as with 480 (156 and 153 of 240), from a quarter fewer bytes. WeChat takes 280 to 1280.
 */
const widthPx = 360

export interface Codes extends CodeSupply {
  /** Makes the code of an id that no ticket has yet. Rejects with a `WechatFault` or `store-unavailable`. */
  makeAhead (ticketId: string): Promise<CodeImage>
}

export const createCodes = ({ callWithToken, supply, envVersion }: CodesOptions): Codes => {
  const make = (ticketId: string) => (call: TicketCall): Promise<CodeImage> => callWithToken({
    ...call,
    endpoint: 'getwxacodeunlimit',
    // Only the published version is checked for the page, so the check would refuse every code for the others.
    json: { scene: ticketId, page: loginPage, env_version: envVersion, check_path: envVersion === 'release', width: widthPx },
    read: ({ image }) => image,
  })
  return {
    codeFor: (ticketId, clientKey = '') => supply.obtain(ticketId, clientKey, make(ticketId)),
    makeAhead: (ticketId) => supply.makeAhead(make(ticketId)),
  }
}
