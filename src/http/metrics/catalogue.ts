/** The service's own metrics: names, labels and, where labels have few values, all of them. README.md has the same table. */
import type { Canceller, EndReason, LimitKind } from '../../domain/step.ts'
import { ticketStates } from '../../domain/ticket.ts'
import { problemTypes } from '../../errors.ts'
import { paths } from '../../wechat/endpoints.ts'

export interface MetricDefinition {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** Label names; those with a list have these values from the beginning, at 0, so that the first event is an increase. */
  readonly labels: Readonly<Record<string, readonly string[] | null>>
  /** Upper bounds of a histogram, in seconds. */
  readonly buckets?: readonly number[]
}

const keysOf = <K extends string>(names: Readonly<Record<K, true>>): readonly K[] => Object.keys(names) as K[] // of the literal that is given

/** What a visitor waits for. The last is the limit of an answer. */
const answerBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 6]
/** A person takes a phone out, scans, reads and taps. 240: the longest life of a ticket with the defaults. */
const personBuckets = [0.5, 1, 2, 5, 10, 20, 30, 60, 120, 180, 240]

export const cancellers = keysOf<Canceller>({ browser: true, phone: true, 'wrong-number': true, owner: true, operator: true })
export const endReasons = keysOf<EndReason>({ browser: true, phone: true, newer: true, relogin: true, owner: true, operator: true })
export const limitKinds = keysOf<LimitKind>({ create: true, renew: true, authorize: true, guess: true, 'js-code': true, phone: true, 'wrong-number': true })
export const timedSteps = ['scanned', 'confirmed', 'consumed'] as const
export const personStates = ['active', 'waiting', 'blocked'] as const
export const problemCodes: readonly string[] = Object.keys(problemTypes)

export const catalogue = {
  tickets: { name: 'scan_login_tickets_total', help: 'Tickets that got into this state.', type: 'counter', labels: { state: ticketStates } },
  cancellations: { name: 'scan_login_cancellations_total', help: 'Tickets that were cancelled, by whom or what.', type: 'counter', labels: { by: cancellers } },
  stepSeconds: { name: 'scan_login_step_duration_seconds', help: 'Time from the step before to this one, where this process has made both.', type: 'histogram', labels: { step: timedSteps }, buckets: personBuckets },
  loginSeconds: { name: 'scan_login_login_duration_seconds', help: 'Time from a new ticket to the login, where this process has made both.', type: 'histogram', labels: {}, buckets: personBuckets },
  sessionsOpened: { name: 'scan_login_sessions_opened_total', help: 'Sessions that were opened.', type: 'counter', labels: {} },
  sessionsEnded: { name: 'scan_login_sessions_ended_total', help: 'Sessions that were ended, and why. Those whose time is over end without a step.', type: 'counter', labels: { reason: endReasons } },
  refusals: { name: 'scan_login_refusals_total', help: 'Refusals that the audit log has, its summaries included.', type: 'counter', labels: { code: null } },
  limits: { name: 'scan_login_limits_hit_total', help: 'Addresses or people that went over a limit, once for each of its windows.', type: 'counter', labels: { limit: limitKinds } },
  heldPolls: { name: 'scan_login_held_polls', help: 'Polls that wait in this process now.', type: 'gauge', labels: {} },
  heldPollsLimit: { name: 'scan_login_held_polls_limit', help: 'MAX_HELD_POLLS.', type: 'gauge', labels: {} },
  wakeUpSeconds: { name: 'scan_login_wake_up_delay_seconds', help: 'Time from a change of a ticket, as this process hears of it, to the answer of the poll that waited for it.', type: 'histogram', labels: {}, buckets: answerBuckets },
  requestSeconds: { name: 'scan_login_http_request_duration_seconds', help: 'Time from the head of a request to the end of its answer. Polls are held.', type: 'histogram', labels: { method: null, route: null, status: null }, buckets: [...answerBuckets, 30] },
  storeSeconds: { name: 'scan_login_store_call_duration_seconds', help: 'Time that the store took for a call.', type: 'histogram', labels: { operation: null, outcome: null }, buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2] },
  wechatSeconds: { name: 'scan_login_wechat_call_duration_seconds', help: 'Time that WeChat took for a call: ok, refused by an errcode, or failed without a usable answer.', type: 'histogram', labels: { endpoint: Object.keys(paths), outcome: ['ok', 'refused', 'failed'] }, buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] },
  wechatErrors: { name: 'scan_login_wechat_errors_total', help: 'Refusals of WeChat by errcode; "other" where the service does not know it.', type: 'counter', labels: { endpoint: null, errcode: null } },
  people: { name: 'scan_login_people', help: 'People in this state, in the whole store; read every 15 s at the most, and missing while the store is.', type: 'gauge', labels: { state: null } },
  appLogins: { name: 'scan_login_app_logins_total', help: 'Logins at apps over OpenID Connect: ok, refused before the login, or failed when the app came for its tokens.', type: 'counter', labels: { client: null, outcome: null } },
} as const satisfies Readonly<Record<string, MetricDefinition>>

export type MetricKey = keyof typeof catalogue
