/** The checker finds a violation of each rule, and none in good histories. */
import t from 'tap'
import { check } from './checker.ts'
import type { HistoryRecord } from './history.ts'
import { byBrowser, byPhone, call, goodLogin, refusal, session } from './sample-history.ts'

type Changes = Record<string, HistoryRecord | undefined>

const findingsIn = (changes: Changes): string[] => {
  const records = Object.values({ ...goodLogin(), ...changes }).filter((record) => record !== undefined)
  return [...new Set(check(records).map(({ rule, complaint }) => `${rule}: ${complaint}`))]
}

const foreign = { keyId: 'K2', actor: 'rival 0' }
/** A login without a confirm and all that follows; its browser shows a fresh code. */
const unfinished: Changes = {
  confirm: undefined,
  confirmed: undefined,
  consume: undefined,
  consumeAgain: undefined,
  consumed: undefined,
  session: undefined,
  fresh: call('create', { at: 3_000, answer: { status: 201, ticket: 'T2', secret: 'S2', state: 'pending', version: 1 } }),
  shown: call('poll', { at: 3_100, ticket: 'T2', secret: 'S2', answer: { state: 'pending', version: 1 } }),
  end: { type: 'end', actor: 'browser 0', how: 'fresh', ticket: 'T2', cookie: null },
}
const signedOut: Changes = {
  signOut: byPhone('sign-out', { at: 1_000, sid: 'I', answer: { status: 204 } }),
  session: call('session', { at: 3_000, cookie: 'C', answer: refusal(401, 'unauthenticated') }),
  end: { type: 'end', actor: 'browser 0', how: 'signed-out', ticket: 'T', cookie: 'C' },
}
const emptied: HistoryRecord = { type: 'fault', kind: 'redis emptied', instance: null, start: 990, end: 995 }

const good: Record<string, Changes> = {
  'a login': {},
  'a login that was not finished': unfinished,
  'a login that was signed out': signedOut,
  'a confirm with an unknown outcome': { confirm: byPhone('confirm', { at: 500, matchCode: '47', answer: refusal(503, 'store-unavailable') }) },
  'a scan that lost its answer with its instance': {
    scan: byPhone('scan', { at: 300, answer: null, error: 'ECONNRESET', instance: 1 }),
    killed: { type: 'fault', kind: 'instance killed', instance: 1, start: 305, end: 350 },
  },
  'a scan and a poll at the same time, in either order': {
    scan: byPhone('scan', { at: 300, end: 450, answer: { state: 'scanned', version: 2 } }),
    late: byBrowser('poll', { at: 310, end: 440, answer: { state: 'pending', version: 1 } }),
  },
  'attackers who are refused': {
    rival: byPhone('scan', { at: 310, ...foreign, answer: refusal(409, 'ticket-taken') }),
    thief: byBrowser('consume', { at: 650, secret: 'X', actor: 'thief 0', answer: refusal(404, 'ticket-not-found') }),
  },
  'a sign-out by another person that gets not-found': { other: byPhone('sign-out', { at: 1_000, ...foreign, sid: 'I', answer: refusal(404, 'not-found') }) },
  'a wrong number': {
    ...unfinished,
    wrong: byPhone('confirm', { at: 500, matchCode: '12', answer: refusal(403, 'match-wrong') }),
    cancelled: byBrowser('poll', { at: 600, answer: { state: 'cancelled', version: 3 } }),
  },
  'a browser that gives up a consumed ticket': { gaveUp: byBrowser('give-up', { at: 850, answer: { status: 204 } }) },
  'a signed request that is refused the second time': {
    first: byPhone('confirm', { at: 550, nonce: 'same', matchCode: '47', answer: { state: 'confirmed', version: 3 } }),
    second: byPhone('confirm', { at: 551, nonce: 'same', matchCode: '47', answer: refusal(401, 'replayed') }),
  },
  'a late answer on an overloaded machine': {
    slow: byBrowser('poll', { at: 1_000, end: 8_500, answer: { state: 'consumed', version: 4 } }),
    busy: { type: 'probe', instance: 0, start: 8_000, end: 9_000 },
  },
  'an emptied store': {
    ...unfinished,
    emptied,
    lost: byBrowser('poll', { at: 1_000, answer: refusal(404, 'ticket-not-found') }),
    forgotten: byPhone('scan', { at: 1_000, answer: refusal(401, 'key-unknown') }),
  },
  'a scan that was seen before an emptied store had forgotten its person': {
    ...unfinished,
    emptied,
    scan: byPhone('scan', { at: 300, end: 1_000, answer: refusal(403, 'person-unknown') }),
    lost: byBrowser('poll', { at: 1_000, answer: refusal(404, 'ticket-not-found') }),
  },
}

for (const [name, changes] of Object.entries(good)) {
  await t.test(`checker: finds nothing in ${name}`, async (t) => { t.strictSame(findingsIn(changes), []) })
}

const bad: Record<string, Changes> = {
  'one session per ticket: two different sids came from one ticket': { consumeAgain: byBrowser('consume', { at: 800, answer: { ...session, sid: 'I2' } }) },
  'one session per ticket: two different cookies came from one ticket': { consumeAgain: byBrowser('consume', { at: 800, answer: { ...session, cookie: 'C2' } }) },
  'one session per ticket: two different subs came from one ticket': { consumeAgain: byBrowser('consume', { at: 800, answer: { ...session, sub: 'hong' } }) },
  'only the own browser: a foreign secret was accepted': { thief: byBrowser('consume', { at: 750, secret: 'X', actor: 'thief 0', answer: session }) },
  'one person per ticket: two people succeeded with one ticket': { rival: byPhone('scan', { at: 310, ...foreign, answer: { state: 'scanned', version: 2 } }) },
  'only the person who confirmed: a person was logged in who had not scanned': {
    scan: byPhone('scan', { at: 300, ...foreign, answer: refusal(503, 'store-unavailable') }),
  },
  'only the person who confirmed: a person was logged in who had not confirmed with the number on the screen': { confirm: byPhone('confirm', { at: 500, matchCode: '12', answer: { state: 'confirmed', version: 3 } }) },
  'only the person who confirmed: a person was logged in by calls of another person': { scan: byPhone('scan', { at: 300, ...foreign, answer: { state: 'scanned', version: 2 } }) },
  'one number: the number on the screen changed': { again: byBrowser('poll', { at: 420, answer: { state: 'scanned', version: 2, matchCode: '48' } }) },
  'one number: the number is shown in a state that has none': { confirmed: byBrowser('poll', { at: 600, answer: { state: 'confirmed', version: 3, matchCode: '47' } }) },
  'states match versions: confirmed can\'t be version 4': { confirmed: byBrowser('poll', { at: 850, answer: { state: 'confirmed', version: 4 } }) },
  'states match versions: confirm succeeded and left the ticket scanned': { early: byPhone('confirm', { at: 450, matchCode: '47', answer: { state: 'scanned', version: 2 } }) },
  'never backwards: a version went back': { stale: byBrowser('poll', { at: 420, answer: { state: 'pending', version: 1 } }) },
  'never backwards: a final state was left': {
    ...unfinished,
    gaveUp: byBrowser('give-up', { at: 450, answer: { status: 204 } }),
    alive: byBrowser('poll', { at: 480, answer: { state: 'scanned', version: 2 } }),
  },
  'one edge per version: version 3 is confirmed in one answer and cancelled in another': { both: byBrowser('poll', { at: 505, answer: { state: 'cancelled', version: 3 } }) },
  'one edge per version: there was a version after the final one': { cancelled: byPhone('cancel', { at: 505, answer: { state: 'cancelled', version: 3 } }) },
  'one edge per version: two final states of one ticket': {
    ...unfinished,
    gaveUp: byBrowser('give-up', { at: 450, answer: { status: 204 } }),
    cancelled: byBrowser('poll', { at: 470, answer: { state: 'cancelled', version: 3 } }),
    expired: byBrowser('poll', { at: 40_000, answer: { state: 'expired', version: 3 } }),
  },
  'no login after a refusal: a ticket was consumed that had been refused': { gaveUp: byBrowser('give-up', { at: 650, answer: { status: 204 } }) },
  'a cause for each state: it was scanned without a scan': { ...unfinished, scan: undefined },
  'a cause for each state: it was confirmed without a confirm with the right number': { confirm: undefined },
  'a cause for each state: it was consumed without a consume of its browser': {
    ...unfinished,
    confirm: byPhone('confirm', { at: 500, matchCode: '47', answer: { state: 'confirmed', version: 3 } }),
    consumed: byBrowser('poll', { at: 900, answer: { state: 'consumed', version: 4 } }),
  },
  'a cause for each state: it was cancelled without a refusal': { ...unfinished, cancelled: byBrowser('poll', { at: 600, answer: { state: 'cancelled', version: 3 } }) },
  'a cause for each state: it expired before its time': { ...unfinished, expired: byBrowser('poll', { at: 600, answer: { state: 'expired', version: 3 } }) },
  'no lost tickets: an existing ticket was not found': { lost: byBrowser('poll', { at: 410, answer: refusal(404, 'ticket-not-found') }) },
  'one ticket per session: one session came from two tickets': {
    other: call('create', { at: 10, answer: { status: 201, ticket: 'T3', secret: 'S3', state: 'pending', version: 1 } }),
    same: call('consume', { at: 720, ticket: 'T3', secret: 'S3', answer: session }),
  },
  'sessions keep their person: a cookie belongs to another person or session': { other: call('session', { at: 3_010, cookie: 'C', answer: { sid: 'I', sub: 'hong' } }) },
  'sessions end by their person only: a session was ended by another person': { other: byPhone('sign-out', { at: 1_000, ...foreign, sid: 'I', answer: { status: 204 } }) },
  'ended sessions stay ended: a session was valid after its end': { ...signedOut, alive: call('session', { at: 1_100, cookie: 'C', answer: { sid: 'I', sub: 'ming' } }) },
  'sessions end by a call only: a session ended without a call': { ...signedOut, signOut: undefined },
  'sessions end by a call only: an existing session could not be ended': { signOut: byPhone('sign-out', { at: 3_100, sid: 'I', answer: refusal(404, 'not-found') }) },
  'answers in time: the answer took 6001 ms beyond its hold': { slow: byBrowser('poll', { at: 1_000, end: 17_001, waitMs: 10_000, answer: { state: 'consumed', version: 4 } }) },
  'answers in time: the answer took 7500 ms beyond its hold': {
    slow: byBrowser('poll', { at: 1_000, end: 8_500, answer: { state: 'consumed', version: 4 } }),
    busy: { type: 'probe', instance: 1, start: 8_000, end: 9_000 },
    hardlyBusy: { type: 'probe', instance: 0, start: 8_000, end: 8_400 },
    notThen: { type: 'probe', instance: 0, start: 9_000, end: 10_000 },
  },
  'documented answers: 502 is neither success nor problem': { odd: byBrowser('poll', { at: 1_000, answer: { status: 502 } }) },
  'documented answers: poll got internal': { odd: byBrowser('poll', { at: 1_000, answer: refusal(500, 'internal') }) },
  'documented answers: ticket-not-found came with 410': { odd: byBrowser('poll', { at: 99_000, answer: refusal(410, 'ticket-not-found') }) },
  'documented answers: 503 without Retry-After': { odd: byBrowser('poll', { at: 1_000, answer: { ...refusal(503, 'store-unavailable'), retryAfter: null } }) },
  'no missing answers: no answer from a running instance: ECONNRESET': { cut: byBrowser('poll', { at: 960, instance: 0, answer: null, error: 'ECONNRESET' }) },
  'no missing answers: no answer from a running instance: hang': { cut: byBrowser('poll', { at: 960, instance: 1, answer: null, error: 'hang' }) },
  'no lost keys: a signing key was lost': { forgotten: byPhone('scan', { at: 310, answer: refusal(401, 'key-unknown') }) },
  'no lost people: the record of a person was lost': { forgotten: byPhone('scan', { at: 310, answer: refusal(403, 'person-unknown') }) },
  'no replays: the same signed request was accepted twice': {
    first: byPhone('confirm', { at: 550, nonce: 'same', matchCode: '47', answer: { state: 'confirmed', version: 3 } }),
    second: byPhone('confirm', { at: 551, nonce: 'same', matchCode: '47', answer: { state: 'confirmed', version: 3 } }),
  },
  'no replays: a first request was refused as a replay': { first: byPhone('confirm', { at: 550, matchCode: '47', answer: refusal(401, 'replayed') }) },
  'a result for each browser: browser 0 claims to have ended logged-in, and no answer proves it': { session: call('session', { at: 960, cookie: 'C', answer: { sid: 'I', sub: 'ming' } }) },
  'a result for each browser: browser 0 claims to have ended fresh, and no answer proves it': { ...unfinished, shown: undefined },
  'a result for each browser: browser 0 shows a code that is not its own': { ...unfinished, fresh: undefined },
  'a result for each browser: browser 0 is logged out without a call': { ...signedOut, signOut: undefined },
  'a result for each browser: 0 of 1 browsers have a result': { end: undefined },
}

for (const [finding, changes] of Object.entries(bad)) {
  await t.test(`checker: finds "${finding}"`, async (t) => {
    const found = findingsIn(changes)
    t.ok(found.includes(finding), `found ${JSON.stringify(found)}`)
  })
}

await t.test('checker: throws when a history has no record of its run', async (t) => {
  t.throws(() => check([]), { message: 'the history has no record of its run' })
})
