// Puts faults into the rules of a login, one at a time, and looks whether a test notices: `npm run test:mutation`. One room: `npm run test:mutation -- --mutate 'src/domain/**/*.ts'`.
import { join } from 'node:path'

// Thousands of processes load the same files. What V8 makes of them is kept outside of the sandbox, which is another each time.
process.env.NODE_COMPILE_CACHE = join(import.meta.dirname, '../node_modules/.cache/mutation')
// Files are run without tap's own runner, which would read this from package.json. Seconds.
process.env.TAP_TIMEOUT = '360'

/** In each room the quickest come first: a fault is tried on the files that reach it, in this order, until one fails. Files that start a service take ten times as long. */
const rooms = {
  'unit/domain': ['ticket', 'record', 'prefixes', 'networks', 'site', 'public-suffix', 'mimic', 'values'],
  unit: ['weak-settings'],
  'unit/sessions': ['access-token', 'key-set', 'key-file', 'people', 'browser-sessions'],
  'unit/login': ['phone-login', 'create-ticket', 'wait-for-ticket', 'tickets', 'waiting-room'],
  http: ['signature'],
}

/*
 * What survives, and why no test is to end it. Nothing is left out of the score for that.
 *
 * Defaults that are there for the compiler and are never used: in readNetwork, prefixesOf, groupsOf, smallCapitals, readBySecret, closeSessions, weakKeys,
 *   and of `asymmetricKeyDetails`. So with the kinds that are ruled out already: of `aud` in sessionClaim, of a header in `single`, of an error in
 *   isAlreadyThere, and of the ends of a rest in the waiting room, which are called no more once it is over.
 * Defaults that change nothing: of a match without a result in isOffice and hasDomain, of a missing list in `live`; the encoding that is Node's own, and
 *   the length of a tag that has that length, in `seal`; the comma between schemas, of which there is one.
 * A second guard with the same answer: of a URL that can't be parsed in isReturnAllowed; of an IP address in isPublicSuffix; of the state, which `move` looks at
 *   as well, in confirm-ticket; of a ticket that was never consumed, whose time would be that of 1970; of equal times in isLater; of what nobody has ended or
 *   replaced in replaceOne; that an unknown phone key is one of 32 bytes; that a signed input ends where the 512th character is, when five parameters have to fit;
 *   of what stands behind the time of a signing key, which Date.parse refuses.
 * What only spares work: reading no more of an unchanged key file, writing no list from which nothing goes, asking for no session that nobody showed.
 * What only forgets: networks without a poll and groups without a waiter in the waiting room; the draft that a rotation has renamed already.
 * What a test can't see: that files and folders are flushed to the disk.
 * What JSON leaves out: members that are undefined, in the record of a session.
 * Messages in place of which parseKeyFile has its own.
 * Who would have cancelled a ticket that is only read, in readCodeTicket.
 * Patterns that come to the same: a repetition before `.*` (Safari's version), where a search may begin anywhere (isAddress), and where an empty piece between two
 *   finds is harmless or goes again (betweenWords, unseen).
 * Keys of 32 bytes below 0x7f with one below 0x20 (looksRandom): chance makes one in four thousand million.
 */

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate: ['src/domain/**/*.ts', 'src/login/**/*.ts', 'src/sessions/**/*.ts', 'src/http/phone-signature.ts'],
  testRunner: 'tap',
  tap: { testFiles: Object.entries(rooms).flatMap(([room, names]) => names.map((name) => `test/${room}/${name}.test.ts`)) },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  // A fault that ends in a loop is noticed by this; a machine that is busy with something else must not be taken for one. Milliseconds.
  timeoutMS: 10_000,
  thresholds: { high: 95, low: 90, break: 90 },
  tempDirName: '.stryker/sandbox',
  incrementalFile: '.stryker/incremental.json',
  ignorePatterns: ['.tap', 'coverage', 'data', 'miniprogram'],
  reporters: ['progress-append-only', 'clear-text', 'html', 'json'],
  htmlReporter: { fileName: '.stryker/report.html' },
  jsonReporter: { fileName: '.stryker/report.json' },
}
