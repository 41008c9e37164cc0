/** Owns one visit: what its browser, its phone and everybody who interferes are about to do, drawn from the seed, and that they do it at the same time. */
import type { History } from './history.ts'
import type { Random } from './random.ts'
import { browse, type Browsed } from './browser.ts'
import { approve, lookAround } from './phone.ts'
import { forgeConsent, steal } from './thief.ts'
import type { World } from './world.ts'

/** What is unusual about a visit; most are not. A ticket that came to nothing is followed by one without mischief, so that the visit can end well. */
export interface Mischief {
  /** A second person scans at the same time. */
  readonly rivalScans: boolean
  readonly confirmsTwice: boolean
  /** The person changes their mind while confirming. */
  readonly cancelsToo: boolean
  readonly taps: 'right' | 'wrong' | 'right and wrong'
  /** The browser gives up while the phone confirms. */
  readonly givesUp: boolean
  readonly consumesTwice: boolean
  /** The browser behaves as if the first answer to consume had got lost. */
  readonly losesAnswer: boolean
  readonly fetchesCode: boolean
  /** Somebody else shows other secrets for this ticket. */
  readonly isRobbed: boolean
  /** Somebody else tries to confirm and to cancel. */
  readonly isForged: boolean
  /** Each signed request is seen by somebody who sends the same bytes to another instance at the same time. */
  readonly isReplayed: boolean
  readonly afterwards: 'stays' | 'signs out' | 'logs out'
}

export const noMischief: Mischief = {
  rivalScans: false,
  confirmsTwice: false,
  cancelsToo: false,
  taps: 'right',
  givesUp: false,
  consumesTwice: false,
  losesAnswer: false,
  fetchesCode: false,
  isRobbed: false,
  isForged: false,
  isReplayed: false,
  afterwards: 'stays',
}

const drawMischief = (random: Random): Mischief => ({
  rivalScans: random.chance(0.12),
  confirmsTwice: random.chance(0.12),
  cancelsToo: random.chance(0.05),
  taps: random.chance(0.04) ? 'wrong' : random.chance(0.03) ? 'right and wrong' : 'right',
  givesUp: random.chance(0.05),
  consumesTwice: random.chance(0.15),
  losesAnswer: random.chance(0.1),
  fetchesCode: random.chance(0.05),
  isRobbed: random.chance(0.08),
  isForged: random.chance(0.08),
  isReplayed: random.chance(0.08),
  afterwards: random.chance(0.1) ? 'signs out' : random.chance(0.04) ? 'logs out' : 'stays',
})

export interface VisitDeps {
  readonly world: World
  readonly history: History
  /** Names of people who have phones. */
  readonly people: readonly string[]
}

/** Visits that go on at the same time know each other's secrets, as somebody with two browsers does. */
const secretsSeen: string[] = []

/** Makes a visit from the first ticket to the end, and says how the browser ended. Its calls are in the history under `n`. */
export const visit = async (deps: VisitDeps, n: number, random: Random): Promise<Browsed> => {
  const mischief = drawMischief(random)
  const [anybody, rival] = [random.pick(deps.people), random.pick(deps.people)]
  // Who taps a wrong number types for a day, and waits after three: nobody else's visit is to suffer from that.
  const person = mischief.taps === 'right' ? anybody : `guesser-${n}`
  const lot = { browser: random.fork(1), phone: random.fork(2), rival: random.fork(3), thief: random.fork(4) }
  const phones = {
    owner: { actor: `phone ${n}`, person, random: lot.phone },
    rival: { actor: `rival ${n}`, person: rival, random: lot.rival },
    forger: { actor: `forger ${n}`, person: rival, random: lot.rival },
  }
  return await browse(deps, { actor: `browser ${n}`, random: lot.browser, mischief }, async (screen) => {
    const now = screen.attempt === 0 ? mischief : noMischief
    const foreign = lot.thief.pick([...secretsSeen.slice(-20), 'A'.repeat(43)])
    secretsSeen.push(screen.browser.secret)
    await Promise.all([
      approve(deps, phones.owner, screen, now),
      now.rivalScans && lookAround(deps, phones.rival, screen),
      now.isForged && forgeConsent(deps, phones.forger, screen),
      now.isRobbed && steal(deps, { actor: `thief ${n}`, random: lot.thief }, screen, foreign),
    ])
  }, phones.owner)
}
