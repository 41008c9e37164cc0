/** The verdict on a soak and its report. Pure functions of the measurements. */

export interface Sample {
  /** Since the service's start. */
  readonly atMs: number
  readonly rssMb: number
  /** After a full garbage collection. */
  readonly heapMb: number
  /** Processor time since the service's start. */
  readonly cpuMs: number
}

export interface HonestLogin {
  readonly startMs: number
  readonly isIn: boolean
  /** The last failure, if the login failed. */
  readonly reason?: string
  /** What was refused or failed and then retried. */
  readonly retries: readonly string[]
}

/** A slow answer to an honest client. */
export interface SlowAnswer {
  readonly call: string
  readonly startMs: number
  readonly endMs: number
  /** Without the `wait` that the call asked for. */
  readonly ms: number
}

/** The longest event-loop delay of the honest clients' own process in a span of time. It may have begun before the span. */
export interface OwnDelay {
  readonly startMs: number
  readonly endMs: number
  readonly ms: number
}

export interface SoakResult {
  readonly seed: number
  readonly minutes: number
  /** The machine's load average per processor: above 1, other processes slowed the run down. */
  readonly load: number
  readonly samples: readonly Sample[]
  readonly quietRssMb: number
  readonly logins: readonly HonestLogin[]
  readonly longestAnswer: { readonly ms: number, readonly call: string }
  readonly slowAnswers: readonly SlowAnswer[]
  readonly ownDelays: readonly OwnDelay[]
  readonly ownDelayP99Ms: number
  readonly wechatCalls: Readonly<Record<string, number>>
  readonly logBytes: number
  readonly complaints: ReadonlyMap<string, number>
  /** Counts of answers by attack. */
  readonly attacks: ReadonlyMap<string, ReadonlyMap<string, number>>
  /** What must never happen: an accepted replay, a service that ended. */
  readonly violations: readonly string[]
}

export interface Flatness {
  readonly slopeMbPerHour: number
  /** The rise of the regression line from the end of the warm-up to the last sample. */
  readonly growthMb: number
  /** The mean of the last quarter divided by that of the first. */
  readonly ratio: number
  readonly isFlat: boolean
}

/** The first quarter of a run, in which caches, pools and compiled code fill up. */
const warmUpShare = 0.25
/** Growth over the run that still counts as flat: a share of the start, or the allocator's granularity on a small heap. */
const flatShare = 0.15
const flatMb = 32
const flatRatio = 1.25
/** What attacks may occupy at once with queued answers, sockets and tickets. The bug that this rule is for took 760 MB. */
const maxRiseMb = 400

/** Every call is answered within this, whatever fails behind the service. */
export const maxAnswerMs = 6000

/** Returns the answers that are too slow even without the delays of the honest clients' own process. */
export const lateAnswers = (slow: readonly SlowAnswer[], own: readonly OwnDelay[]): readonly SlowAnswer[] => slow.filter(({ startMs, endMs, ms }) => {
  const during = own.filter((delay) => delay.startMs - delay.ms < endMs && delay.endMs > startMs)
  return ms - Math.max(0, ...during.map((delay) => delay.ms)) > maxAnswerMs
})

/** Returns the least-squares slope of value over time, per millisecond; 0 for fewer than two moments. */
export const slopeOf = (points: ReadonlyArray<readonly [atMs: number, value: number]>): number => {
  const meanTime = meanOf(points.map(([atMs]) => atMs))
  const meanValue = meanOf(points.map(([, value]) => value))
  const spread = points.reduce((sum, [atMs]) => sum + (atMs - meanTime) ** 2, 0)
  return spread === 0 ? 0 : points.reduce((sum, [atMs, value]) => sum + (atMs - meanTime) * (value - meanValue), 0) / spread
}

/** Judges whether a value stays level after the warm-up. Fewer than eight samples aren't flat. */
export const judgeFlatness = (points: ReadonlyArray<readonly [atMs: number, value: number]>): Flatness => {
  const settled = points.slice(Math.floor(points.length * warmUpShare))
  const [first, last] = [settled[0]?.[0] ?? 0, settled.at(-1)?.[0] ?? 0]
  const quarter = Math.max(1, Math.floor(settled.length / 4))
  const slope = slopeOf(settled)
  const growthMb = slope * (last - first)
  const begin = meanOf(settled.slice(0, quarter).map(([, value]) => value))
  const ratio = meanOf(settled.slice(-quarter).map(([, value]) => value)) / begin
  const isLevel = growthMb <= Math.max(flatMb, flatShare * begin)
  return { slopeMbPerHour: slope * 3_600_000, growthMb, ratio, isFlat: settled.length >= 8 && isLevel && (ratio <= flatRatio || growthMb <= flatMb) }
}

/** Returns what is wrong with a run, a line each; none for a good run. */
export const problemsOf = ({ samples, quietRssMb, logins, slowAnswers, ownDelays, violations }: SoakResult): readonly string[] => {
  const left = logins.filter(({ isIn }) => !isIn)
  const late = lateAnswers(slowAnswers, ownDelays)
  const [rss, heap] = [judgeFlatness(samples.map(({ atMs, rssMb }) => [atMs, rssMb])), judgeFlatness(samples.map(({ atMs, heapMb }) => [atMs, heapMb]))]
  const peak = peakOf(samples)
  return [
    ...violations,
    ...logins.length === 0 ? ['no honest login was tried'] : [],
    ...left.length > 0 ? [`${left.length} of ${logins.length} honest logins did not get in: ${countsOf(left, ({ reason }) => reason ?? '')}`] : [],
    ...late.length > 0 ? [`${late.length} honest answers took longer than ${maxAnswerMs / 1000} s beyond what was waited for: ${countsOf(late, ({ call }) => call)}`] : [],
    ...rss.isFlat ? [] : [`RSS is not flat: ${shown(rss)}`],
    ...heap.isFlat ? [] : [`the heap is not flat: ${shown(heap)}`],
    ...peak > quietRssMb + maxRiseMb ? [`RSS rose to ${Math.round(peak)} MB, from ${Math.round(quietRssMb)} MB before the attacks; ${maxRiseMb} MB more are allowed`] : [],
  ]
}

/** Returns the report at the end of a run. */
export const reportOf = (result: SoakResult): string => {
  const { seed, minutes, load, samples, quietRssMb, logins, longestAnswer, slowAnswers, ownDelays, ownDelayP99Ms, wechatCalls, logBytes, complaints, attacks } = result
  const problems = problemsOf(result)
  const retries = logins.flatMap((login) => login.retries)
  const late = lateAnswers(slowAnswers, ownDelays)
  const lines: ReadonlyArray<readonly [string, string]> = [
    ['run', `${minutes} minutes, seed ${seed}`],
    ['machine', `load ${load.toFixed(1)} for each processor, ${Math.round(cpuShareOf(samples) * 100)} % of one used by the service`],
    ['honest logins', `${logins.length} tried, ${logins.filter(({ isIn }) => isIn).length} in, ${retries.length} calls tried again`],
    ['tried again because of', countsOf(retries, (reason) => reason) || 'nothing'],
    ['longest honest answer', `${Math.round(longestAnswer.ms)} ms beyond what was waited for (${longestAnswer.call})`],
    ['of which late', `${late.length} of ${slowAnswers.length} longer than ${maxAnswerMs / 1000} s${late.slice(0, 12).map(({ call, startMs, ms }) => `\n    after ${Math.round(startMs / 1000)} s: ${call}, ${Math.round(ms)} ms`).join('')}`],
    ['own event loop', `late by ${Math.round(Math.max(0, ...ownDelays.map(({ ms }) => ms)))} ms at most, 99 % of the time by less than ${Math.round(ownDelayP99Ms)} ms`],
    ['the service', `was silent for ${(longestSilenceOf(samples) / 1000).toFixed(1)} s at the most; it should say every 5 s what memory it uses`],
    ['RSS', `${Math.round(quietRssMb)} MB before, ${Math.round(peakOf(samples))} MB at most, ${Math.round(samples.at(-1)?.rssMb ?? 0)} MB last; ${shown(judgeFlatness(samples.map(({ atMs, rssMb }) => [atMs, rssMb])))}`],
    ['heap', `${Math.round(samples.at(-1)?.heapMb ?? 0)} MB last; ${shown(judgeFlatness(samples.map(({ atMs, heapMb }) => [atMs, heapMb])))}`],
    ['calls to WeChat', Object.entries(wechatCalls).map(([name, count]) => `${count} ${name}`).join(', ') || 'none'],
    ['log', `${Math.round(logBytes / 1024)} KB`],
    ['warnings and errors', [...complaints].sort(([, a], [, b]) => b - a).slice(0, 12).map(([text, count]) => `\n    ${count} × ${text}`).join('') || 'none'],
    ...[...attacks].map(([name, answers]) => [name, [...answers].sort(([, a], [, b]) => b - a).slice(0, 8).map(([answer, count]) => `${count} × ${answer}`).join(', ')] as const),
  ]
  return [...lines.map(([name, value]) => `${name.padEnd(26)} ${value}`), ...problems.length === 0 ? ['good: everybody honest is in, and memory is flat'] : problems.map((problem) => `✗ ${problem}`)].join('\n')
}

const shown = ({ slopeMbPerHour, growthMb, ratio, isFlat }: Flatness): string =>
  `${growthMb.toFixed(1)} MB over the run (${slopeMbPerHour.toFixed(0)} MB an hour), last to first ${ratio.toFixed(2)}${isFlat ? '' : ', not flat'}`

const cpuShareOf = (samples: readonly Sample[]): number => {
  const [first, last] = [samples[0], samples.at(-1)]
  return first === undefined || last === undefined || first === last ? 0 : (last.cpuMs - first.cpuMs) / (last.atMs - first.atMs)
}

const longestSilenceOf = (samples: readonly Sample[]): number => samples.reduce((max, { atMs }, index) => Math.max(max, atMs - (samples[index - 1]?.atMs ?? atMs)), 0)

const peakOf = (samples: readonly Sample[]): number => samples.reduce((max, { rssMb }) => Math.max(max, rssMb), 0)

const meanOf = (values: readonly number[]): number => values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length

const countsOf = <T>(items: readonly T[], nameOf: (item: T) => string): string =>
  [...Map.groupBy(items, nameOf)].sort(([, a], [, b]) => b.length - a.length).slice(0, 12).map(([name, { length }]) => `${length} × ${name}`).join(', ')
