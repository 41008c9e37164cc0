/** People at login pages, second by second, and the codes that WeChat makes for them. */
import { createRandom, type Random } from '../../chaos/random.ts'
import { percentile } from '../statistics.ts'

export interface Crowd {
  /** People who open the page. */
  readonly perMinute: number
  /** How long the simulation lasts; the second half is measured. */
  readonly seconds: number
  /** They come in the first seconds only, and all is measured. */
  readonly arriveFor?: number
  /** How many codes WeChat makes. */
  readonly codesPerMinute: number
  /** TICKET_TTL: then the page needs another code. */
  readonly ticketSeconds?: number
  /** Codes that all instances have made ahead when the first people come (CODE_SUPPLY); made again from what WeChat has left of a minute. */
  readonly supply?: number
  /** The part of them whom the page shows a code: fewer than all where it waits for a click. */
  readonly shown?: number
  /** Each person of the simulation stands for so many. */
  readonly scale?: number
}

export interface CrowdReport {
  /** Browsers that wait at the same time, on average. */
  readonly waiting: number
  readonly codesPerMinute: number
  readonly loginsPerMinute: number
  /** The part of those who wanted a code that had one within two seconds, and that left without. */
  readonly servedAtOnce: number
  readonly leftWithout: number
  readonly firstCodeP99Seconds: number
  /** The part of those who came that logged in. */
  readonly loggedIn: number
}

/** Assumptions about people, in seconds: most scan soon, some leave the page open, and nobody waits for ever for a code. */
const people = { logInShare: 0.7, medianScan: 12, spreadScan: 0.6, tap: 4, meanStay: 90, longestStay: 600, meanPatience: 60 }
const retrySeconds = 2
const atOnceSeconds = 2

interface Person {
  readonly since: number
  readonly logsIn: boolean
  /** From the first code. */
  readonly stay: number
  readonly patience: number
  firstCodeAt: number | undefined
}

const createPerson = (random: Random, since: number): Person => {
  const logsIn = random.chance(people.logInShare)
  const exponential = (mean: number): number => -Math.log(1 - random.next()) * mean
  const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next()) // Box and Muller
  const stay = logsIn ? people.medianScan * Math.exp(people.spreadScan * normal) + people.tap : exponential(people.meanStay)
  return { since, logsIn, stay: Math.min(people.longestStay, stay), patience: exponential(people.meanPatience), firstCodeAt: undefined }
}

export const simulate = ({ perMinute, seconds, arriveFor, codesPerMinute, ticketSeconds = 180, supply = 0, shown = 1, scale = 1 }: Crowd, random = createRandom(1)): CrowdReport => {
  const measuredFrom = arriveFor === undefined ? seconds / 2 : 0
  /** Who needs a code at a second. */
  const wanting = Array.from({ length: seconds }, (): Person[] => [])
  const at = (second: number, person: Person): void => { wanting[Math.ceil(second)]?.push(person) }
  const total = { came: 0, waited: 0, codes: 0, logins: 0, wanted: 0, atOnce: 0, left: 0 }
  const delays: number[] = []
  let ahead = supply / scale
  let [arriving, budget] = [0, 0]

  const serve = (person: Person, now: number): void => {
    const isMeasured = now >= measuredFrom
    if (isMeasured) total.codes++
    if (person.firstCodeAt === undefined) {
      person.firstCodeAt = now
      const delay = now - person.since
      if (isMeasured) {
        delays.push(delay)
        total.wanted++
        if (delay <= atOnceSeconds) total.atOnce++
      }
    }
    const leavesAt = person.firstCodeAt + person.stay
    const renewsAt = now + ticketSeconds
    if (isMeasured) total.waited += Math.min(leavesAt, renewsAt, seconds) - now
    if (renewsAt < leavesAt) at(renewsAt, person)
    else if (isMeasured && person.logsIn) total.logins++
  }
  const refuse = (person: Person, now: number): void => {
    if (now - person.since < person.patience) return at(now + retrySeconds, person)
    if (now < measuredFrom || person.firstCodeAt !== undefined) return
    total.wanted++
    total.left++
  }

  for (let now = 0; now < seconds; now++) {
    if (now % 60 === 0) {
      ahead = Math.min(supply / scale, ahead + budget)
      budget = codesPerMinute / scale
    }
    if (now < (arriveFor ?? seconds)) arriving += perMinute / 60 / scale * shown
    for (; arriving >= 1; arriving--) {
      at(now, createPerson(random, now))
      if (now >= measuredFrom) total.came++
    }
    for (const person of wanting[now] ?? []) {
      if (budget >= 1) budget--
      else if (ahead >= 1) ahead--
      else {
        refuse(person, now)
        continue
      }
      serve(person, now)
    }
  }
  const minutes = (seconds - measuredFrom) / 60
  return {
    waiting: total.waited * scale / (seconds - measuredFrom),
    codesPerMinute: total.codes * scale / minutes,
    loginsPerMinute: total.logins * scale / minutes,
    servedAtOnce: total.atOnce / total.wanted,
    leftWithout: total.left / total.wanted,
    firstCodeP99Seconds: percentile(delays, 0.99),
    loggedIn: total.logins / total.came,
  }
}
