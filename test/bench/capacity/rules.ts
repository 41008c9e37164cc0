/** What operators reckon with, from the measured figures: rules of thumb, and a million waiting browsers. */
import type { Figures } from './figures.ts'
import { simulate, type CrowdReport } from './simulate.ts'

/** MAX_WAIT and MAX_HELD_POLLS by default; a poll that finds nothing new is asked again. */
const maxWaitSeconds = 25
const heldPerInstance = 20_000
const oneProcessorMs = 1000
/** Above this an instance's answers get slow: leave room for the moment when another one fails. */
const busyShare = 0.6
const kibPerMib = 1024
/** A message in Redis for each scan, confirmation and consume, to every instance. */
const messagesPerLogin = 3
const messageBytes = 120

export interface Rules {
  /** Of one processor, in percent. */
  readonly per100Logins: { readonly sqlitePercent: number, readonly redisPercent: number, readonly redisServerPercent: number, readonly commandsPerSecond: number, readonly kilobytesPerSecond: number }
  readonly per1000Sessions: { readonly redisMegabytes: number }
  readonly per10000Waiting: { readonly megabytes: number, readonly percent: number, readonly commandsPerSecond: number, readonly connections: number }
  readonly idleInstance: { readonly megabytes: number, readonly commandsPerSecond: number }
}

export const rulesOf = (figures: Figures): Rules => {
  const loginsPerSecond = 100 / 60
  const percent = (ms: number): number => ms * loginsPerSecond / oneProcessorMs * 100
  const pollsPerSecond = 10_000 / maxWaitSeconds
  return {
    per100Logins: {
      sqlitePercent: percent(figures.sqliteCpu),
      redisPercent: percent(figures.redisCpu),
      redisServerPercent: percent(figures.redisServerCpu),
      commandsPerSecond: figures.commands * loginsPerSecond,
      kilobytesPerSecond: figures.bytes * loginsPerSecond,
    },
    per1000Sessions: { redisMegabytes: figures.redisMemory * 1000 / kibPerMib },
    per10000Waiting: {
      megabytes: figures.heldResident * 10_000 / kibPerMib,
      percent: pollsPerSecond * figures.pollCpu / oneProcessorMs * 100,
      commandsPerSecond: pollsPerSecond,
      connections: 10_000,
    },
    idleInstance: { megabytes: figures.idleMemory, commandsPerSecond: figures.idleCommands },
  }
}

export interface Example {
  readonly loginsPerMinute: number
  readonly waiting: number
  readonly codesPerMinute: number
  readonly instancesPercent: number
  readonly redisPercent: number
  readonly instanceMegabytes: number
  readonly redisMegabytes: number
  readonly commandsPerSecond: number
}

const ticketMinutes = 3
const secondsOfALogin = 20

/** A company: 2,000 people log in within ten minutes, and 300 screens show a code all day. Two instances, either of which can do it alone; a session each for 20,000. */
export const exampleOf = (figures: Figures): Example => {
  const { per100Logins, per1000Sessions, per10000Waiting } = rulesOf(figures)
  const [screens, loginsPerMinute, sessions, instances] = [300, 200, 20_000, 2]
  const waiting = screens + loginsPerMinute * secondsOfALogin / 60
  return {
    loginsPerMinute,
    waiting,
    codesPerMinute: loginsPerMinute + screens / ticketMinutes,
    instancesPercent: per100Logins.redisPercent * loginsPerMinute / 100 + per10000Waiting.percent * waiting / 10_000,
    redisPercent: per100Logins.redisServerPercent * loginsPerMinute / 100,
    instanceMegabytes: figures.idleMemory + per10000Waiting.megabytes * waiting / 10_000,
    redisMegabytes: per1000Sessions.redisMegabytes * sessions / 1000,
    commandsPerSecond: per100Logins.commandsPerSecond * loginsPerMinute / 100 + per10000Waiting.commandsPerSecond * waiting / 10_000 + figures.idleCommands * instances,
  }
}

export interface Plan {
  readonly waiting: number
  readonly peoplePerMinute: number
  readonly codesPerMinute: number
  readonly processors: number
  readonly instances: number
  readonly heldPerInstance: number
  readonly gigabytes: number
  readonly redisProcessors: number
  readonly redisCommandsPerSecond: number
  readonly redisMegabytesPerSecond: number
}

/** A million people who come in a minute, of whom each in the simulation is a hundred; the plan is then scaled to the waiting that are asked for. */
const reference = { perMinute: 1_000_000, seconds: 1200, codesPerMinute: Infinity, scale: 100 }

/** Plans for so many browsers that wait at once, as if WeChat made any number of codes. Whoever opens the page is reckoned as a whole login. */
export const planFor = (waiting: number, figures: Figures): Plan => {
  const crowd = simulate(reference)
  const factor = waiting / crowd.waiting
  const peoplePerSecond = reference.perMinute / 60 * factor
  const pollsPerSecond = waiting / maxWaitSeconds
  const processors = (peoplePerSecond * figures.redisCpu + pollsPerSecond * figures.pollCpu) / oneProcessorMs
  const instances = Math.ceil(Math.max(waiting / heldPerInstance, processors / busyShare))
  const loginsPerSecond = crowd.loginsPerMinute * factor / 60
  return {
    waiting,
    peoplePerMinute: reference.perMinute * factor,
    codesPerMinute: crowd.codesPerMinute * factor,
    processors,
    instances,
    heldPerInstance: waiting / instances,
    gigabytes: (waiting * figures.heldResident / kibPerMib + instances * figures.idleMemory) / 1024,
    redisProcessors: peoplePerSecond * figures.redisServerCpu / oneProcessorMs,
    redisCommandsPerSecond: peoplePerSecond * figures.commands + pollsPerSecond + instances * figures.idleCommands,
    redisMegabytesPerSecond: (peoplePerSecond * figures.bytes + loginsPerSecond * messagesPerLogin * instances * messageBytes / 1024) / kibPerMib,
  }
}

/** WeChat makes no more codes a minute for one mini program. */
export const wechatCodesPerMinute = 5000

export type CaseName = 'half' | 'limit' | 'twice' | 'longTickets' | 'click' | 'rush' | 'rushSupply' | 'rushLargeSupply'

const minutes = 60
const steady = { seconds: 20 * minutes, codesPerMinute: wechatCodesPerMinute }
const rush = { perMinute: 30_000, arriveFor: minutes, seconds: 20 * minutes, codesPerMinute: wechatCodesPerMinute }
/** `CODE_SUPPLY` by default and at its most, in 20 instances. */
const [defaultSupply, largestSupply] = [8 * 20, 1000 * 20]

/** What people get where WeChat's limit decides. */
export const limitedCrowds = (): ReadonlyArray<readonly [CaseName, CrowdReport]> => [
  ['half', simulate({ ...steady, perMinute: 2500 })],
  ['limit', simulate({ ...steady, perMinute: 5000 })],
  ['longTickets', simulate({ ...steady, perMinute: 5000, ticketSeconds: 600 })],
  ['twice', simulate({ ...steady, perMinute: 10_000 })],
  ['click', simulate({ ...steady, perMinute: 10_000, ticketSeconds: 600, shown: 0.5 })],
  ['rush', simulate(rush)],
  ['rushSupply', simulate({ ...rush, supply: defaultSupply })],
  ['rushLargeSupply', simulate({ ...rush, supply: largestSupply })],
]
