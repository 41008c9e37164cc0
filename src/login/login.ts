import type { Audit } from './audit.ts'
import type { BrowserClaim } from './browser-ticket.ts'
import { cancelByBrowser, cancelByPhone } from './cancel-ticket.ts'
import { confirmTicket, type Confirmation } from './confirm-ticket.ts'
import { consumeTicket } from './consume-ticket.ts'
import { createTicket, type TicketOrder } from './create-ticket.ts'
import { logPhoneIn, type PhoneLoginDeps } from './log-phone-in.ts'
import type { PhoneClaim } from './phone-ticket.ts'
import type { SessionEnder, SessionOpener } from './ports.ts'
import { readCodeTicket } from './read-code-ticket.ts'
import { scanTicket, type ScanClaim } from './scan-ticket.ts'
import { signOutEverywhere, type SignOut } from './sign-out-everywhere.ts'
import { waitForTicket, type Poll } from './wait-for-ticket.ts'

/** What all use cases together work with. The audit is left out, as each call brings its own. */
export interface LoginParts extends Omit<PhoneLoginDeps, 'audit'> {
  readonly sessions: SessionOpener & SessionEnder
}

/** Creates the use cases of a login. The last argument of each is the audit that records the steps of this call. */
export const createLogin = (parts: LoginParts) => {
  const withAudit = (audit: Audit) => ({ ...parts, audit })
  return {
    createTicket: (order: TicketOrder, audit: Audit) => createTicket(withAudit(audit), order),
    readCodeTicket: (id: string, audit: Audit) => readCodeTicket(withAudit(audit), id),
    waitForTicket: (poll: Poll, audit: Audit) => waitForTicket(withAudit(audit), poll),
    cancelByBrowser: (claim: BrowserClaim, audit: Audit) => cancelByBrowser(withAudit(audit), claim),
    consumeTicket: (claim: BrowserClaim, shown: readonly string[], audit: Audit) => consumeTicket(withAudit(audit), claim, shown),

    logPhoneIn: (jsCode: string, audit: Audit) => logPhoneIn(withAudit(audit), jsCode),
    scanTicket: (claim: ScanClaim, audit: Audit) => scanTicket(withAudit(audit), claim),
    confirmTicket: (confirmation: Confirmation, audit: Audit) => confirmTicket(withAudit(audit), confirmation),
    cancelByPhone: (claim: PhoneClaim, audit: Audit) => cancelByPhone(withAudit(audit), claim),
    signOutEverywhere: (signOut: SignOut, audit: Audit) => signOutEverywhere(withAudit(audit), signOut),
  }
}

export type Login = ReturnType<typeof createLogin>
