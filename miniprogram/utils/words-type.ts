/** Every text of the mini program, by name. words-zh.ts, words-zh-hant.ts and words-en.ts have the texts. */
import type { ListedState } from './answers'
import type { FailureCode } from './outcome'

export interface Words {
  readonly pageTitle: string
  /** Browser and system are empty if they aren't known. */
  readonly askTitle: (site: string, browser: string, system: string) => string
  /** Stands before the site's address. */
  readonly addressBar: string
  /** Names the service that logs people in for the site, if that is another. */
  readonly through: (address: string) => string
  /** Takes its place where the login goes on to an app at this address. */
  readonly leadsTo: (address: string) => string
  readonly clockCorrected: string
  readonly otherPlaces: (browser: string, phone: string) => string
  /** Takes the place of `otherPlaces` if not both are known. */
  readonly otherCountry: string
  /** The mini program was opened by a picture, a link or a card, not by this person's camera; and what that may mean. */
  readonly notScanned: string
  readonly maybeSent: string
  /** Takes the place of these two if the browser may be on this phone. */
  readonly samePhone: string
  /** Said before a person's first login. */
  readonly whatSiteGets: string
  /** What to do about the warnings above. */
  readonly oddHelp: string
  readonly tapNumber: string
  readonly typeNumber: string
  /** Take the place of the two above if the login page is on this phone, behind WeChat. */
  readonly tapNumberHere: string
  readonly typeNumberHere: string
  /** What a yes does, for each way to say it. */
  readonly tapConsequence: string
  readonly typeConsequence: string
  readonly confirmConsequence: string
  /** When to refuse. */
  readonly askHelp: string
  /** A number to tap, for screen readers. */
  readonly number: (value: string) => string
  /** What has been typed, for screen readers. */
  readonly typed: (digits: string) => string
  readonly erase: string
  readonly confirm: string
  readonly notMe: string
  /** The first of two questions where something is odd. */
  readonly isItYou: string
  readonly itsMe: string
  readonly loading: string
  readonly confirming: string
  readonly cancelling: string

  /** A line, and a smaller one below it, for each way an approval can end. */
  readonly ends: Readonly<Record<EndKind, { readonly line: string, readonly help: string }>>
  /** Takes the place of `ends.done.line` if the browser and its site are known; browser and system are empty if they aren't. */
  readonly loggedIn: (site: string, browser: string, system: string) => string
  /** Ends the login that was just confirmed. */
  readonly notMeLogOut: string
  readonly loggingOut: string
  /** Stands before the reason why that failed. */
  readonly stillLoggedIn: string
  /** Takes the place of `ends.done.help` if the login page is on this phone. */
  readonly doneHere: string
  /** Takes the place of `ends['logged-out']` if the login was for another site, which keeps sessions of its own. */
  readonly endedHere: { readonly line: string, readonly help: (site: string) => string }
  /** What to compare if mini program and site don't belong together; the AppID is empty if WeChat doesn't tell it. */
  readonly compareAppIds: (appId: string) => string
  /** Leads a person who waits to the input of their name. */
  readonly tellName: string
  /** One sentence for each way a call can fail. */
  readonly failures: Readonly<Record<FailureCode, string>>

  readonly tryAgain: string
  readonly scanAgain: string
  readonly close: string
  readonly update: string
  readonly home: string
  /** As `home`, where a person may worry. */
  readonly seeLogins: string

  readonly homeTitle: string
  /** Stands for the name of a person who has none. */
  readonly noName: string
  readonly setName: string
  readonly changeName: string
  readonly nameLabel: string
  readonly namePlaceholder: string
  readonly save: string
  readonly saved: string
  readonly scan: string
  readonly scanHelp: (host: string) => string
  readonly notOurs: string
  /** For whom the mini program is, where not everybody may come in. */
  readonly forApproved: (host: string) => string
  readonly forKnown: (host: string) => string
  /** To somebody whom the site doesn't know, where an owner decides: what a scan leads to. */
  readonly scanToAsk: string
  /** To somebody who waits and has no name. */
  readonly nameToAsk: string
  readonly browsers: string
  readonly noBrowsers: string
  readonly unknownBrowser: string
  /** Marks a login of the last minutes. */
  readonly fresh: string
  /** The browser hasn't got in yet. */
  readonly justConfirmed: string
  readonly signOut: string
  readonly signOutSure: (browser: string) => string
  /** As `signOutSure`, if the login is for another site, which keeps sessions of its own. */
  readonly signOutSiteSure: (site: string) => string
  readonly signOutAll: string
  /** Takes the place of `signOutAll` where no browser is logged in. */
  readonly signOutPhones: string
  readonly signOutAllSure: string
  /** At most four characters, the limit of WeChat's dialog; so has `keep`. */
  readonly signOutYes: string
  readonly keep: string
  readonly deleteData: string
  readonly deleteDataSure: string
  /** What follows the question for some: what the deletion means to them besides. */
  readonly deleteDataThen: { readonly blocked: string, readonly owner: string, readonly approval: string, readonly closed: string }
  /** At most four characters. */
  readonly deleteYes: string
  readonly deleted: { readonly line: string, readonly help: string, readonly stillBlocked: string }

  /** Of owners: the row that leads to the people, and their page. */
  readonly people: string
  readonly peopleWaiting: (count: number) => string
  readonly personStates: Readonly<Record<ListedState, string>>
  readonly searchLabel: string
  readonly searchPlaceholder: string
  readonly clearSearch: string
  readonly nobody: Readonly<Record<ListedState, string>>
  readonly nobodyFound: string
  /** A search finds no more than so many. */
  readonly onlyFirstFound: (count: number) => string
  readonly showMore: string
  readonly you: string
  readonly firstSeen: (ago: string) => string
  readonly lastSeen: (ago: string) => string
  /** They were added ahead of their first scan, or have deleted their data while they were blocked. */
  readonly neverSeen: string
  readonly letIn: string
  readonly letInAgain: string
  readonly block: string
  readonly signOutPerson: string
  readonly blockSure: (who: string) => string
  readonly signOutPersonSure: (who: string) => string
  /** At most four characters. */
  readonly blockYes: string
  readonly personDone: { readonly allow: (who: string) => string, readonly block: (who: string) => string, readonly 'sign-out': (who: string) => string }
  /** Of somebody in the list about whom nothing can be decided any more. */
  readonly personGone: string

  /** Durations, for the two sentences below. */
  readonly seconds: (count: number) => string
  readonly minutes: (count: number) => string
  readonly hours: (count: number) => string
  readonly days: (count: number) => string
  readonly tooFast: (duration: string) => string
  /** After too many wrong numbers: for how long no login can be confirmed, and what may be the reason. */
  readonly lockedOutHelp: (duration: string) => string

  readonly justNow: string
  readonly secondsAgo: (count: number) => string
  readonly minutesAgo: (count: number) => string
  readonly hoursAgo: (count: number) => string
  readonly daysAgo: (count: number) => string
}

type EndKind = 'done' | 'refused' | 'logged-out' | 'cancelled' | 'wrong-number' | 'expired' | 'taken' | 'used' | 'invalid-code' | 'blocked' | 'person-waiting' | 'person-unknown' | 'person-blocked' | 'foreign-app' | 'wechat-too-old' | 'update-needed' | 'offline' | 'locked-out' | 'unknown' | 'unavailable'
