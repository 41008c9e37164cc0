/** Which language the phone speaks, and what has to be said in each. The sentences are in words-zh and words-en. */
import type { BrowserName, FailureCode } from './answers'
import { en } from './words-en'
import { zh } from './words-zh'

export interface Words {
  readonly pageTitle: string
  readonly askTitle: (site: string) => string
  readonly browser: string
  /** Whether the person opened that address themselves. */
  readonly ownPage: string
  /** Which service logs people in for the site, where it is another. */
  readonly through: (address: string) => string
  readonly place: string
  readonly network: string
  readonly phonePlace: string
  readonly asked: string
  readonly clockMended: string
  readonly otherCountry: string
  /** The code was not seen by this person's camera. */
  readonly maybeSent: string
  /** The same, where the browser may be on this very phone. */
  readonly samePhone: string
  readonly oldRequest: (ago: string) => string
  /** What to do about them. */
  readonly oddHelp: string
  readonly tapNumber: string
  readonly tapNumberHelp: string
  readonly typeNumber: string
  readonly typeNumberHelp: string
  /** What has been typed, for those who can't see it. */
  readonly typed: (digits: string) => string
  readonly erase: string
  readonly confirm: string
  readonly confirmHelp: string
  readonly notMe: string
  readonly loading: string
  readonly confirming: string
  readonly cancelling: string

  /** One line and a smaller one under it, for each way an approval can end. */
  readonly ends: Readonly<Record<EndKind, { readonly line: string, readonly help: string }>>
  /** One sentence for each way a call can fail. */
  readonly failures: Readonly<Record<FailureCode, string>>

  readonly tryAgain: string
  readonly scanAgain: string
  readonly close: string
  readonly update: string
  readonly home: string

  readonly homeTitle: string
  readonly noName: string
  readonly nameLabel: string
  readonly namePlaceholder: string
  readonly save: string
  readonly saved: string
  readonly scan: string
  readonly scanHelp: (host: string) => string
  readonly notOurs: string
  readonly browsers: string
  readonly noBrowsers: string
  readonly unknownBrowser: string
  readonly signOut: string
  readonly signOutSure: (browser: string) => string
  readonly signOutAll: string
  readonly signOutAllSure: string
  /** At most four characters, as WeChat's dialog wants; `keep` too. */
  readonly signOutYes: string
  readonly keep: string

  /** Spans of time to wait, for the two sentences below. */
  readonly seconds: (count: number) => string
  readonly minutes: (count: number) => string
  readonly hours: (count: number) => string
  readonly days: (count: number) => string
  readonly tooFast: (span: string) => string
  /** After too many wrong numbers: how long no login can be confirmed, and what may be behind it. */
  readonly pausedHelp: (span: string) => string

  readonly justNow: string
  readonly secondsAgo: (count: number) => string
  readonly minutesAgo: (count: number) => string
  readonly hoursAgo: (count: number) => string
  readonly daysAgo: (count: number) => string
}

export type EndKind = 'done' | 'cancelled' | 'wrong-number' | 'expired' | 'taken' | 'used' | 'invalid-code' | 'blocked' | 'update-needed' | 'offline' | 'paused' | 'unavailable'

/** The words for a language tag of any kind (`zh_CN`, `zh-Hans`, `en`): Chinese for Chinese, else English. */
export const wordsFor = (language: string): Words => /^zh/i.test(language) ? zh : en

/** What these words call a place, or null where nobody knows it. */
export const placeIn = (words: Words, { place, placeEn }: Pick<BrowserName, 'place' | 'placeEn'>): string | null => words === zh ? place : placeEn
