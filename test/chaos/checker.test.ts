/** Owns that the checker finds what it is for: for each rule a history in which it is broken, and histories in which none is. */
import t from 'tap'
import { check } from './checker.ts'
import type { HistoryRecord } from './history.ts'
import { byBrowser, byPhone, call, goodLogin, refusal, session } from './story.ts'

type Changes = Record<string, HistoryRecord | undefined>

const judge = (changes: Changes): string[] => {
  const records = Object.values({ ...goodLogin(), ...changes }).filter((record) => record !== undefined)
  return [...new Set(check(records).map(({ rule, complaint }) => `${rule}: ${complaint}`))]
}

const foreign = { keyId: 'K2', actor: 'rival 0' }
/** Everything after the confirm left out: a login that came to nothing, with a browser that shows a fresh code. */
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
  'a login that came to nothing': unfinished,
  'a login that was ended': signedOut,
  'a confirm of which nobody knows': { confirm: byPhone('confirm', { at: 500, matchCode: '47', answer: refusal(503, 'store-unavailable') }) },
  'a scan that lost its answer with its instance': {
    scan: byPhone('scan', { at: 300, answer: null, error: 'ECONNRESET', instance: 1 }),
    killed: { type: 'fault', kind: 'instance killed', instance: 1, start: 305, end: 350 },
  },
  'a scan and a look at the same time, each in its own order': {
    scan: byPhone('scan', { at: 300, end: 450, answer: { state: 'scanned', version: 2 } }),
    late: byBrowser('poll', { at: 310, end: 440, answer: { state: 'pending', version: 1 } }),
  },
  'others who got nowhere': {
    rival: byPhone('scan', { at: 310, ...foreign, answer: refusal(409, 'ticket-taken') }),
    thief: byBrowser('consume', { at: 650, secret: 'X', actor: 'thief 0', answer: refusal(404, 'ticket-not-found') }),
  },
  'a sign-out by somebody else that found nothing': { other: byPhone('sign-out', { at: 1_000, ...foreign, sid: 'I', answer: refusal(404, 'not-found') }) },
  'a wrong number': {
    ...unfinished,
    wrong: byPhone('confirm', { at: 500, matchCode: '12', answer: refusal(403, 'match-wrong') }),
    cancelled: byBrowser('poll', { at: 600, answer: { state: 'cancelled', version: 3 } }),
  },
  'a browser that gave a used ticket up': { gaveUp: byBrowser('give-up', { at: 850, answer: { status: 204 } }) },
  'a signed request that was refused the second time': {
    first: byPhone('confirm', { at: 550, nonce: 'same', matchCode: '47', answer: { state: 'confirmed', version: 3 } }),
    second: byPhone('confirm', { at: 551, nonce: 'same', matchCode: '47', answer: refusal(401, 'replayed') }),
  },
  'an answer that was late where everything is': {
    slow: byBrowser('poll', { at: 1_000, end: 8_500, answer: { state: 'consumed', version: 4 } }),
    busy: { type: 'pulse', instance: 0, start: 8_000, end: 9_000 },
  },
  'a store that was emptied': {
    ...unfinished,
    emptied,
    lost: byBrowser('poll', { at: 1_000, answer: refusal(404, 'ticket-not-found') }),
    forgotten: byPhone('scan', { at: 1_000, answer: refusal(401, 'key-unknown') }),
  },
}

for (const [name, changes] of Object.entries(good)) {
  await t.test(`checker: finds nothing in ${name}`, async (t) => { t.strictSame(judge(changes), []) })
}

const bad: Record<string, Changes> = {
  'one session: two different sids came from one ticket': { consumeAgain: byBrowser('consume', { at: 800, answer: { ...session, sid: 'I2' } }) },
  'one session: two different cookies came from one ticket': { consumeAgain: byBrowser('consume', { at: 800, answer: { ...session, cookie: 'C2' } }) },
  'one session: two different subs came from one ticket': { consumeAgain: byBrowser('consume', { at: 800, answer: { ...session, sub: 'hong' } }) },
  'right browser: a foreign secret was answered like a right one': { thief: byBrowser('consume', { at: 750, secret: 'X', actor: 'thief 0', answer: session }) },
  'one person: two people got their way with one ticket': { rival: byPhone('scan', { at: 310, ...foreign, answer: { state: 'scanned', version: 2 } }) },
  'right person: somebody was logged in who had not scanned': {
    scan: byPhone('scan', { at: 300, ...foreign, answer: refusal(503, 'store-unavailable') }),
  },
  'right person: somebody was logged in who had not confirmed with the number on the screen': { confirm: byPhone('confirm', { at: 500, matchCode: '12', answer: { state: 'confirmed', version: 3 } }) },
  'right person: somebody was logged in by what another person did': { scan: byPhone('scan', { at: 300, ...foreign, answer: { state: 'scanned', version: 2 } }) },
  'one number: the number on the screen changed': { again: byBrowser('poll', { at: 420, answer: { state: 'scanned', version: 2, matchCode: '48' } }) },
  'one number: the number is shown in a state that has none': { confirmed: byBrowser('poll', { at: 600, answer: { state: 'confirmed', version: 3, matchCode: '47' } }) },
  'state and version: confirmed can\'t be version 4': { confirmed: byBrowser('poll', { at: 850, answer: { state: 'confirmed', version: 4 } }) },
  'state and version: confirm succeeded and left the ticket scanned': { early: byPhone('confirm', { at: 450, matchCode: '47', answer: { state: 'scanned', version: 2 } }) },
  'never back: a version went back': { stale: byBrowser('poll', { at: 420, answer: { state: 'pending', version: 1 } }) },
  'never back: a final state was left': {
    ...unfinished,
    gaveUp: byBrowser('give-up', { at: 450, answer: { status: 204 } }),
    alive: byBrowser('poll', { at: 480, answer: { state: 'scanned', version: 2 } }),
  },
  'one edge each: version 3 is confirmed to one and cancelled to another': { both: byBrowser('poll', { at: 505, answer: { state: 'cancelled', version: 3 } }) },
  'one edge each: something came after the end': { cancelled: byPhone('cancel', { at: 505, answer: { state: 'cancelled', version: 3 } }) },
  'one edge each: two final states of one ticket': {
    ...unfinished,
    gaveUp: byBrowser('give-up', { at: 450, answer: { status: 204 } }),
    cancelled: byBrowser('poll', { at: 470, answer: { state: 'cancelled', version: 3 } }),
    expired: byBrowser('poll', { at: 40_000, answer: { state: 'expired', version: 3 } }),
  },
  'nothing after no: a ticket was consumed to which somebody had said no': { gaveUp: byBrowser('give-up', { at: 650, answer: { status: 204 } }) },
  'a cause for everything: it was scanned, and nobody had scanned': { ...unfinished, scan: undefined },
  'a cause for everything: it was confirmed, and nobody had confirmed with the right number': { confirm: undefined },
  'a cause for everything: it was consumed, and its browser had not asked': {
    ...unfinished,
    confirm: byPhone('confirm', { at: 500, matchCode: '47', answer: { state: 'confirmed', version: 3 } }),
    consumed: byBrowser('poll', { at: 900, answer: { state: 'consumed', version: 4 } }),
  },
  'a cause for everything: it was cancelled, and nobody had said no': { ...unfinished, cancelled: byBrowser('poll', { at: 600, answer: { state: 'cancelled', version: 3 } }) },
  'a cause for everything: it expired before its time': { ...unfinished, expired: byBrowser('poll', { at: 600, answer: { state: 'expired', version: 3 } }) },
  'a ticket is not lost: a ticket that was there was not found': { lost: byBrowser('poll', { at: 410, answer: refusal(404, 'ticket-not-found') }) },
  'one ticket: one session came from two tickets': {
    other: call('create', { at: 10, answer: { status: 201, ticket: 'T3', secret: 'S3', state: 'pending', version: 1 } }),
    same: call('consume', { at: 720, ticket: 'T3', secret: 'S3', answer: session }),
  },
  'same person: a session is another person\'s, or another session': { other: call('session', { at: 3_010, cookie: 'C', answer: { sid: 'I', sub: 'hong' } }) },
  'nobody else\'s: a session was ended by another person': { other: byPhone('sign-out', { at: 1_000, ...foreign, sid: 'I', answer: { status: 204 } }) },
  'over is over: a session was good after its end': { ...signedOut, alive: call('session', { at: 1_100, cookie: 'C', answer: { sid: 'I', sub: 'ming' } }) },
  'not over by itself: a session was over, and nobody had ended it': { ...signedOut, signOut: undefined },
  'not over by itself: a session could not be ended, as if it were not there': { signOut: byPhone('sign-out', { at: 3_100, sid: 'I', answer: refusal(404, 'not-found') }) },
  'in time: the answer took 6001 ms beyond what was waited for': { slow: byBrowser('poll', { at: 1_000, end: 17_001, waitMs: 10_000, answer: { state: 'consumed', version: 4 } }) },
  'in time: the answer took 7500 ms beyond what was waited for': {
    slow: byBrowser('poll', { at: 1_000, end: 8_500, answer: { state: 'consumed', version: 4 } }),
    busy: { type: 'pulse', instance: 1, start: 8_000, end: 9_000 },
    hardlyBusy: { type: 'pulse', instance: 0, start: 8_000, end: 8_400 },
    notThen: { type: 'pulse', instance: 0, start: 9_000, end: 10_000 },
  },
  'a known answer: 502 is no success and no problem': { odd: byBrowser('poll', { at: 1_000, answer: { status: 502 } }) },
  'a known answer: poll was told internal': { odd: byBrowser('poll', { at: 1_000, answer: refusal(500, 'internal') }) },
  'a known answer: ticket-not-found came with 410': { odd: byBrowser('poll', { at: 99_000, answer: refusal(410, 'ticket-not-found') }) },
  'a known answer: 503 without Retry-After': { odd: byBrowser('poll', { at: 1_000, answer: { ...refusal(503, 'store-unavailable'), retryAfter: null } }) },
  'an answer: no answer from an instance that was there: ECONNRESET': { cut: byBrowser('poll', { at: 960, instance: 0, answer: null, error: 'ECONNRESET' }) },
  'an answer: no answer from an instance that was there: hang': { cut: byBrowser('poll', { at: 960, instance: 1, answer: null, error: 'hang' }) },
  'a phone is not forgotten: a signing key was forgotten': { forgotten: byPhone('scan', { at: 310, answer: refusal(401, 'key-unknown') }) },
  'once: the same signed request was accepted twice': {
    first: byPhone('confirm', { at: 550, nonce: 'same', matchCode: '47', answer: { state: 'confirmed', version: 3 } }),
    second: byPhone('confirm', { at: 551, nonce: 'same', matchCode: '47', answer: { state: 'confirmed', version: 3 } }),
  },
  'once: a request was called a replay that had not been made before': { first: byPhone('confirm', { at: 550, matchCode: '47', answer: refusal(401, 'replayed') }) },
  'a good end: browser 0 said it ended logged-in, and no answer bears that out': { session: call('session', { at: 960, cookie: 'C', answer: { sid: 'I', sub: 'ming' } }) },
  'a good end: browser 0 said it ended fresh, and no answer bears that out': { ...unfinished, shown: undefined },
  'a good end: browser 0 shows a code that is not its own': { ...unfinished, fresh: undefined },
  'a good end: browser 0 is logged out, and nobody asked for that': { ...signedOut, signOut: undefined },
  'a good end: 0 of 1 browsers came to an end': { end: undefined },
}

for (const [finding, changes] of Object.entries(bad)) {
  await t.test(`checker: finds "${finding}"`, async (t) => {
    const found = judge(changes)
    t.ok(found.includes(finding), `found ${JSON.stringify(found)}`)
  })
}

await t.test('checker: refuses a history that says nothing of its run', async (t) => {
  t.throws(() => check([]), { message: 'the history says nothing of its run' })
})
