// Mutation testing of the login rules: `npm run test:mutation`. One folder only: `npm run test:mutation -- --mutate 'src/domain/**/*.ts'`.
import { join } from 'node:path'

// Thousands of processes load the same files: cache their compiled code outside of the sandbox, which is new for each run.
process.env.NODE_COMPILE_CACHE = join(import.meta.dirname, '../node_modules/.cache/mutation')
// Stryker runs the files without tap's own runner, which would read this from package.json. In seconds.
process.env.TAP_TIMEOUT = '360'

/**
 * Folder → test files, the quickest first: Stryker tries a mutant on the files that cover it, in this order, until one fails. Files that start a service
 * are left out: they take ten times as long.
 */
const testFiles = {
  'unit/domain': ['ticket', 'record', 'prefixes', 'networks', 'site', 'public-suffix', 'mimic', 'values'],
  unit: ['weak-settings'],
  'unit/sessions': ['access-token', 'weak-keys', 'key-set', 'provider-keys', 'key-file', 'key-changes', 'open-keys', 'people', 'browser-sessions'],
  'unit/login': ['phone-login', 'create-ticket', 'wait-for-ticket', 'tickets', 'waiting-room', 'records'],
  http: ['signature'],
}

/*
 * Mutants that survive, and why no test kills them. They count in the score all the same.
 *
 * Defaults for the type checker that are never used: in readNetwork, prefixesOf, groupsOf, smallCapitals, readBySecret, recordSignOut and weakKeys.
 *   Likewise for kinds that were excluded before: of `aud` in verifyClaims, of a header in `single`, of an error in
 *   isAlreadyThere, and of the functions that end a wait in the waiting room, which nobody calls once it is over.
 * Defaults that change nothing: of a match without a result in isOffice and hasDomain, of a missing list in `current`; in `seal` Node's default encoding, and
 *   the length of a tag that has that length anyway; the comma between schemas, of which there is only one.
 * A second guard with the same result: of a URL that can't be parsed in isReturnAllowed; of an IP address in isPublicSuffix; of the state in confirm-ticket, which
 *   `move` checks as well; of a ticket that was never consumed, whose time would be that of 1970; of equal times in isLater; of a session that was neither ended nor
 *   replaced in keepLatest; that an unknown phone key is one of 32 bytes; that a signed input ends where the 512th character is, when five parameters have to fit;
 *   of text after the time of a signing key, which Date.parse refuses; of the modulus and the exponent in isWholeRsaKey, which the signature has proved.
 * Shortcuts that only save work: not reading an unchanged key file again, not writing a list from which nothing was removed, not looking up a session without
 *   a cookie.
 * Clean-up that only frees memory: of networks without a poll and groups without a waiter in the waiting room; of the draft that a rotation has renamed already.
 * Flushing of files and folders to disk, which a test can't observe.
 * Undefined members in the record of a session, which JSON leaves out.
 * Messages that parseKeyFile replaces by its own, and the cause of an UnknownSchemaError, which is for the log.
 * Five use cases that createLogin passes on: the HTTP tests call them, which are left out here.
 * The actor of a cancellation in readCodeTicket, where the ticket is only read.
 * Equivalent patterns: a repetition before `.*` (Safari's version), a search that may begin anywhere (isAddress), and an empty piece between two matches that is
 *   harmless or removed later (betweenWords, invisible).
 * Keys of 32 bytes below 0x7f with one below 0x20 (looksRandom): one in four thousand million random keys.
 */

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate: ['src/domain/**/*.ts', 'src/login/**/*.ts', 'src/sessions/**/*.ts', 'src/http/phone-signature.ts'],
  testRunner: 'tap',
  tap: { testFiles: Object.entries(testFiles).flatMap(([folder, names]) => names.map((name) => `test/${folder}/${name}.test.ts`)) },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  // Detects a mutant that loops forever. Long enough for a busy machine, which would count as one otherwise.
  timeoutMS: 10_000,
  thresholds: { high: 95, low: 90, break: 90 },
  tempDirName: '.stryker/sandbox',
  incrementalFile: '.stryker/incremental.json',
  ignorePatterns: ['.tap', 'coverage', 'data', 'miniprogram'],
  reporters: ['progress-append-only', 'clear-text', 'html', 'json'],
  htmlReporter: { fileName: '.stryker/report.html' },
  jsonReporter: { fileName: '.stryker/report.json' },
}
