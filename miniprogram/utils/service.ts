/** The calls to the service: signed, and repeated once with a new key or a corrected clock if the service asks for that, or over a new connection. */
import { readCancelled, readConfirmed, readOffer, readOverview, readPeople, readPerson, readRenamed } from './answers'
import type { Confirmed, ListedState, Offer, Overview, PeoplePage, Person, User } from './answers'
import { base64url, fromBase64url } from './bytes'
import { createKeptLogins } from './kept-logins'
import type { KeptLogin } from './kept-logins'
import { answerTo, nameRefused } from './outcome'
import type { Body, Failure, Outcome, Read } from './outcome'
import { createPhoneKeys } from './phone-key'
import type { PhoneKey } from './phone-key'
import type { PhoneRequest, Platform, Reply } from './ports'
import { sign } from './signature'

export interface Service {
  /** The person this phone is logged in as; undefined until a call has logged it in. */
  user (): User | undefined
  scan (ticket: string): Promise<Outcome<Offer>>
  /** Confirms, with the number that was tapped or typed; null if none is asked for. */
  confirm (ticket: string, number: string | null): Promise<Outcome<Confirmed>>
  cancel (ticket: string): Promise<Outcome<'cancelled'>>
  /** This person's logins, and whether they may come in. */
  overview (): Promise<Outcome<Overview>>
  /** Ends a browser's session; succeeds also if it has ended already. */
  signOut (sessionId: string): Promise<Outcome<true>>
  /**
   * Ends the login that this person has confirmed, even before its browser has got the session; succeeds also if it has ended already. Without the session, as
   * where the answer to the confirmation got lost: also one that isn't confirmed.
   */
  endLogin (ticket: string, sessionId: string | undefined): Promise<Outcome<true>>
  /** Ends the session of every browser, and logs out every other phone of this person. */
  signOutEverywhere (): Promise<Outcome<true>>
  /** Sets the name that others see; an empty one removes it. Returns the name as it is now. */
  rename (name: string): Promise<Outcome<string | null>>
  /** Deletes all that the service has of this person, and what this phone keeps for them. Succeeds also if it is gone already. */
  eraseMe (): Promise<Outcome<true>>
  /** For owners. The people of a state, the newest first; `after` is the `next` of the page before. */
  people (state: ListedState, after: string | null): Promise<Outcome<PeoplePage>>
  /** For owners. The people of all states whose name or handle begins with a text. */
  findPeople (text: string): Promise<Outcome<PeoplePage>>
  /** For owners. Returns the person as they are then; does nothing the second time. */
  decide (id: string, decision: Decision): Promise<Outcome<Person>>
  /** Milliseconds since 1970, by the service's clock as last learned. */
  serverNow (): number
  /** Whether no login has been confirmed with this phone yet, or WeChat has forgotten it. */
  isFirstLogin (): boolean
  noteConfirmed (): void
  /** Keeps a login that this person has confirmed, for `waitingLogins`. */
  keepLogin (login: KeptLogin): void
  forgetLogin (ticket: string): void
  /** The logins that were confirmed on this phone and that no list of `sessions` has had yet: their browsers may still get in. */
  waitingLogins (): readonly KeptLogin[]
  /** Asks what became of each of them. Resolves with true if one has got in, or never will. */
  checkWaitingLogins (): Promise<boolean>
  /** Whether this phone's clock is so far off that the service would refuse its signatures. */
  isClockOff (): boolean
}

/** What an owner does with a person: lets them in, keeps them out, or ends all their logins. */
export type Decision = 'allow' | 'block' | 'sign-out'

const signedOut = (_body: Body, status: number): true | undefined => status === 204 ? true : undefined
/** In the phone's storage, once a login was confirmed. */
const confirmedKey = 'scan-login-confirmed'
/** The refusals after which a ticket never logs anybody in; `finalTicket` also those after which it doesn't any more, as whoever may not be here has no login. */
const deadTicket: ReadonlyArray<Failure['code']> = ['ticket-cancelled', 'ticket-expired', 'ticket-not-found', 'person-blocked']
const finalTicket: typeof deadTicket = [...deadTicket, 'ticket-consumed', 'person-waiting', 'person-unknown']
/** An older service gives no session, or says "not found" of one that is still to open: its login may live on. */
const cannotTell: Failure = { ok: false, code: 'internal' }
const clockToleranceSeconds = 120 // the service's own (src/http/phone-signature.ts)

/** `serviceUrl` is the service's PUBLIC_URL, which the signature covers. */
export const createService = (platform: Platform, serviceUrl: string): Service => {
  const keys = createPhoneKeys(platform, (jsCode) => platform.request({
    method: 'POST',
    url: `${serviceUrl}/api/phone/login`,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ js_code: jsCode }),
  }))

  const kept = createKeptLogins(platform)

  const send = async (method: PhoneRequest['method'], target: string, body: string | undefined, key: PhoneKey): Promise<Reply> => {
    const [path = '', query = ''] = target.split('?')
    const signature = sign({
      method,
      serviceUrl,
      path,
      query,
      body: body ?? '',
      key: fromBase64url(key.key) ?? new Uint8Array(0),
      keyId: key.keyId,
      created: Math.floor(platform.now() / 1000) + key.clockOffset,
      nonce: base64url(await platform.randomBytes(16)),
    })
    const type = body === undefined ? {} : { 'Content-Type': 'application/json' }
    return platform.request({ method, url: serviceUrl + target, headers: { ...signature, ...type }, body })
  }

  /** Drops an unknown key, or corrects the clock; returns whether a second try makes sense. */
  const recover = (failure: Failure, key: PhoneKey, mayRepeat: boolean): boolean => {
    if (failure.wasCut === true) return mayRepeat
    if (failure.code === 'key-unknown') {
      keys.forget(key.keyId)
      return true
    }
    if (failure.code !== 'clock-skew' || failure.serverTime === undefined) return false
    keys.store({ ...key, clockOffset: failure.serverTime - Math.floor(platform.now() / 1000) })
    return true
  }

  /**
   * `mayRepeat`: the call is made once more if its connection turns out to be gone. It may have been carried out all the same, so only calls that change
   * nothing the second time may; a confirmation never, as each is one tap.
   */
  const call = async <T>(
    method: PhoneRequest['method'], target: string, body: object, read: Read<T>, { mayRepeat = false } = {},
  ): Promise<Outcome<T>> => {
    // Never a call without a text, but for GET: there some systems send nothing, others `{}` or `null`, and the bytes are signed.
    const text = method === 'GET' ? undefined : JSON.stringify(body)
    const recovered = new Set<string>()
    for (;;) {
      const key = await keys.get()
      if (!key.ok) return key
      const outcome = await answerTo(platform, () => send(method, target, text, key.value), read)
      if (outcome.ok || recovered.has(outcome.code) || !recover(outcome, key.value, mayRepeat)) return outcome
      recovered.add(outcome.code)
    }
  }

  const onTicket = (ticket: string, verb: string): string => `/api/phone/tickets/${encodeURIComponent(ticket)}/${verb}`

  const scan = (ticket: string): Promise<Outcome<Offer>> => call('POST', onTicket(ticket, 'scan'), {}, readOffer, { mayRepeat: true })

  const cancel = (ticket: string): Promise<Outcome<'cancelled'>> => call('POST', onTicket(ticket, 'cancel'), {}, readCancelled, { mayRepeat: true })

  const sessionPath = (sessionId: string): string => `/api/phone/sessions/${encodeURIComponent(sessionId)}`

  const serverNow = (): number => platform.now() + keys.clockOffset() * 1000

  const endLogin = async (ticket: string, sessionId: string | undefined): Promise<Outcome<true>> => {
    if (sessionId === undefined) {
      // A cancelled ticket can't be confirmed any more; for one that was, the refusal tells the session.
      const outcome = await cancel(ticket)
      if (outcome.ok || deadTicket.includes(outcome.code)) return { ok: true, value: true }
      if (outcome.session !== undefined) return await endLogin(ticket, outcome.session)
      return outcome.code === 'ticket-confirmed' || outcome.code === 'ticket-consumed' ? cannotTell : outcome
    }
    const outcome = await call('DELETE', `${sessionPath(sessionId)}?ticket=${encodeURIComponent(ticket)}`, {}, signedOut, { mayRepeat: true })
    // Whoever is blocked is logged in nowhere.
    if (outcome.ok || outcome.code === 'ticket-not-found' || outcome.code === 'person-blocked') return { ok: true, value: true }
    return outcome.code === 'not-found' ? cannotTell : outcome
  }

  return {
    user: () => keys.stored()?.user,
    scan,
    confirm: (ticket, number) => call('POST', onTicket(ticket, 'confirm'), number === null ? {} : { match_code: number }, readConfirmed),
    cancel,
    overview: async () => {
      const outcome = await call('GET', '/api/phone/sessions', {}, readOverview, { mayRepeat: true })
      if (!outcome.ok && outcome.code === 'person-blocked') kept.forget(() => true)
      if (outcome.ok) kept.forget(({ session }) => outcome.value.sessions.some(({ id }) => id === session))
      return outcome
    },
    signOut: async (sessionId) => {
      const outcome = await call('DELETE', sessionPath(sessionId), {}, signedOut)
      return !outcome.ok && outcome.code === 'not-found' ? { ok: true, value: true } : outcome
    },
    endLogin: async (ticket, sessionId) => {
      const outcome = await endLogin(ticket, sessionId)
      if (outcome.ok) kept.forget((login) => login.ticket === ticket)
      return outcome
    },
    signOutEverywhere: async () => {
      const outcome = await call('DELETE', '/api/phone/sessions', {}, signedOut)
      if (outcome.ok) kept.forget(() => true)
      return outcome
    },
    rename: async (name) => {
      const outcome = await call('PUT', '/api/phone/profile', { name: name.trim() }, readRenamed)
      if (!outcome.ok) return outcome.code === 'bad-request' ? nameRefused(outcome.reason) : outcome
      const key = keys.stored()
      if (key !== undefined) keys.store({ ...key, user: { ...key.user, ...outcome.value } })
      return { ok: true, value: outcome.value.name }
    },
    eraseMe: async () => {
      // An unknown key is no sign that all is gone, as another phone may have ended it: the call is made again with a new one, which it ends as well.
      const outcome = await call('DELETE', '/api/phone/person', {}, signedOut, { mayRepeat: true })
      if (!outcome.ok) return outcome
      keys.clear()
      kept.forget(() => true)
      platform.setStorage(confirmedKey, undefined)
      return outcome
    },
    people: (state, after) => call('GET', `/api/phone/people?state=${state}${after === null ? '' : `&after=${encodeURIComponent(after)}`}`, {}, readPeople, { mayRepeat: true }),
    findPeople: (text) => call('GET', `/api/phone/people?search=${encodeURIComponent(text)}`, {}, readPeople, { mayRepeat: true }),
    decide: (id, decision) => call('POST', `/api/phone/people/${encodeURIComponent(id)}/${decision}`, {}, readPerson, { mayRepeat: true }),
    serverNow,
    isFirstLogin: () => platform.getStorage(confirmedKey) === undefined,
    noteConfirmed: () => platform.setStorage(confirmedKey, 'yes'),
    keepLogin: kept.keep,
    forgetLogin: (ticket) => kept.forget((login) => login.ticket === ticket),
    waitingLogins: () => kept.list(serverNow()),
    checkWaitingLogins: async () => {
      const before = kept.list(serverNow())
      await Promise.all(before.map(async ({ ticket }) => {
        const outcome = await scan(ticket)
        if (outcome.ok ? outcome.value.state === 'scanned' : finalTicket.includes(outcome.code)) kept.forget((login) => login.ticket === ticket)
      }))
      return kept.list(serverNow()).length < before.length
    },
    isClockOff: () => Math.abs(keys.clockOffset()) > clockToleranceSeconds,
  }
}
