import type { Audit } from './audit.ts'
import type { BrowserCredentials } from './browser-ticket.ts'
import { cancelByBrowser, cancelByPhone } from './cancel-ticket.ts'
import { claimRenewal } from './claim-renewal.ts'
import { confirmTicket, readForConfirm, type Confirmation } from './confirm-ticket.ts'
import { consumeTicket } from './consume-ticket.ts'
import { createTicket, type TicketOrder } from './create-ticket.ts'
import { allowPerson, blockPerson, type Decision } from './decide-person.ts'
import { endSession, type SessionToEnd } from './end-session.ts'
import { erasePerson, type Erasure } from './erase-person.ts'
import { logPhoneIn, type PhoneLoginDeps } from './log-phone-in.ts'
import type { PhoneRequest } from './phone-ticket.ts'
import type { SessionEnder, SessionOpener } from './ports.ts'
import { readCodeTicket } from './read-code-ticket.ts'
import { readForScan, scanTicket, type ScanRequest } from './scan-ticket.ts'
import { signOutEverywhere, type SignOut } from './sign-out-everywhere.ts'
import { waitForTicket, type Poll } from './wait-for-ticket.ts'

/** What all use cases together work with. The audit is left out, as each call brings its own. */
export interface LoginParts extends Omit<PhoneLoginDeps, 'audit'> {
  readonly sessions: SessionOpener & SessionEnder
}

/** Creates the use cases of a login. The last argument of each is the audit that records the steps of this call. */
export const createLogin = (parts: LoginParts) => {
  // Inherits the parts: each held poll keeps one of these.
  const withAudit = (audit: Audit) => Object.assign(Object.create(parts) as LoginParts, { audit })
  return {
    createTicket: (order: TicketOrder, audit: Audit) => createTicket(withAudit(audit), order),
    claimRenewal: (credentials: BrowserCredentials, audit: Audit) => claimRenewal(withAudit(audit), credentials),
    readCodeTicket: (id: string, audit: Audit) => readCodeTicket(withAudit(audit), id),
    waitForTicket: (poll: Poll, audit: Audit) => waitForTicket(withAudit(audit), poll),
    cancelByBrowser: (credentials: BrowserCredentials, audit: Audit) => cancelByBrowser(withAudit(audit), credentials),
    consumeTicket: (credentials: BrowserCredentials, presentedSecrets: readonly string[], audit: Audit) => consumeTicket(withAudit(audit), credentials, presentedSecrets),

    logPhoneIn: (jsCode: string, audit: Audit) => logPhoneIn(withAudit(audit), jsCode),
    readForScan: (request: PhoneRequest, audit: Audit) => readForScan(withAudit(audit), request),
    readForConfirm: (request: PhoneRequest, audit: Audit) => readForConfirm(withAudit(audit), request),
    scanTicket: (request: ScanRequest, audit: Audit) => scanTicket(withAudit(audit), request),
    confirmTicket: (confirmation: Confirmation, audit: Audit) => confirmTicket(withAudit(audit), confirmation),
    cancelByPhone: (request: PhoneRequest, audit: Audit) => cancelByPhone(withAudit(audit), request),
    endSession: (session: SessionToEnd, audit: Audit) => endSession(withAudit(audit), session),
    allowPerson: (decision: Decision, audit: Audit) => allowPerson(withAudit(audit), decision),
    blockPerson: (decision: Decision, audit: Audit) => blockPerson(withAudit(audit), decision),
    erasePerson: (erasure: Erasure, audit: Audit) => erasePerson(withAudit(audit), erasure),
    signOutEverywhere: (signOut: SignOut, audit: Audit) => signOutEverywhere(withAudit(audit), signOut),
  }
}

export type Login = ReturnType<typeof createLogin>
