/** One visit: a browser, a phone and everybody who interferes act at the same time, by a plan drawn from the seed. */
import type { History } from './history.ts'
import type { Random } from './random.ts'
import { browse, type BrowserResult } from './browser.ts'
import { approve, scanForeignCode } from './phone.ts'
import { forgeConsent, steal } from './thief.ts'
import type { World } from './world.ts'

/** What is unusual in a visit; most visits are ordinary. After a ticket without a login the next is ordinary, so that the visit can end with one. */
export interface VisitPlan {
  /** Another person scans at the same time. */
  readonly rivalScans: boolean
  readonly confirmsTwice: boolean
  /** The person changes their mind while confirming. */
  readonly cancelsToo: boolean
  readonly taps: 'right' | 'wrong' | 'right and wrong'
  /** The browser gives up while the phone confirms. */
  readonly givesUp: boolean
  readonly consumesTwice: boolean
  /** The browser repeats consume as if the first answer had been lost. */
  readonly losesAnswer: boolean
  readonly fetchesCode: boolean
  /** An attacker calls with other secrets for this ticket. */
  readonly isRobbed: boolean
  /** Another person tries to confirm and to cancel. */
  readonly isForged: boolean
  /** An attacker sends the bytes of a signed request to other instances at the same time. */
  readonly isReplayed: boolean
  readonly afterwards: 'stays' | 'signs out' | 'logs out'
}

export const ordinaryVisit: VisitPlan = {
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

const drawPlan = (random: Random): VisitPlan => ({
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
  /** Names of people with phones. */
  readonly people: readonly string[]
}

/** Secrets of other visits, for attackers that have a browser of their own. */
const secretsSeen: string[] = []

/** Makes a visit from the first ticket to the end, and returns how the browser ended. Its actors are named with `n` in the history. */
export const visit = async (deps: VisitDeps, n: number, random: Random): Promise<BrowserResult> => {
  const plan = drawPlan(random)
  const [anybody, rival] = [random.pick(deps.people), random.pick(deps.people)]
  // After a wrong number a person has to type for a day, and after three to wait: other visits must not be affected.
  const person = plan.taps === 'right' ? anybody : `guesser-${n}`
  const randoms = { browser: random.fork(1), phone: random.fork(2), rival: random.fork(3), thief: random.fork(4) }
  const phones = {
    owner: { actor: `phone ${n}`, person, random: randoms.phone },
    rival: { actor: `rival ${n}`, person: rival, random: randoms.rival },
    forger: { actor: `forger ${n}`, person: rival, random: randoms.rival },
  }
  return await browse(deps, { actor: `browser ${n}`, random: randoms.browser, plan }, async (screen) => {
    const now = screen.attempt === 0 ? plan : ordinaryVisit
    const foreign = randoms.thief.pick([...secretsSeen.slice(-20), 'A'.repeat(43)])
    secretsSeen.push(screen.browser.secret)
    await Promise.all([
      approve(deps, phones.owner, screen, now),
      now.rivalScans && scanForeignCode(deps, phones.rival, screen),
      now.isForged && forgeConsent(deps, phones.forger, screen),
      now.isRobbed && steal(deps, { actor: `thief ${n}`, random: randoms.thief }, screen, foreign),
    ])
  }, phones.owner)
}
