/** Names in the environment that are no settings: misspelled ones, those of other programs that mean what a setting means, and those of anybody else. */
import { slipsBetween } from './domain/slips.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Settings that every program has: names near theirs are those of other programs (GOPROXY), and say nothing. */
const everybodys: ReadonlySet<string> = new Set(['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY', 'https_proxy', 'http_proxy', 'no_proxy'])

/** Settings of which other programs have near names: a slip does little harm, and doesn't stop the start. */
const common: ReadonlySet<string> = new Set(['LOG_LEVEL'])

/** Words that are one slip from a word of a setting's name, and mean something else: KEY_FILE, LIMIT_GUEST, BATCH_NUMBERS. */
const otherWords: ReadonlySet<string> = new Set([
  'AI', 'APP', 'APT', 'CPI', 'KPI', 'PAI', 'PI', 'UPI', // API
  'BATCH', 'CATCH', 'PATCH', 'WATCH', // MATCH
  'CORE', 'MODE', 'NODE', // CODE
  'SCORE', 'STONE', 'STORES', 'STORY', // STORE
  'FIRE', 'LINE', 'TILE', // FILE
  'SIDE', 'SIZE', 'SUITE', // SITE
  'CURL', 'URN', // URL
  'MAC', 'MAP', 'MIX', 'TAX', // MAX
  'BLOG', 'LAG', // LOG
  'HEAD', 'HELP', 'HOLD', 'POOLS', // HELD, POLLS
  'GAME', 'GUEST', 'IDE', 'IPHONE', 'KEY', 'WEBCHAT', 'WECHATY',
])

/** First words that several settings have, or that people put in front of them. */
const ownBeginnings = /^(?:WECHAT|LIMIT|TICKET|TRUST|ALLOWED|SCAN_?LOGIN)_/

/** In a name of this many letters, two wrong ones are near. */
const longName = 11

/** Names that hosting platforms and other programs give to what a setting of ours is; where `looks` is given, only with a value of that look. */
const synonyms: ReadonlyArray<{ readonly setting: string, readonly looks?: RegExp, readonly names: readonly string[] }> = [
  { setting: 'PUBLIC_URL', looks: /^https?:\/\//, names: ['BASE_URL', 'SITE_URL', 'APP_URL', 'ROOT_URL'] },
  { setting: 'STORE_URL', looks: /^(?:redis|sqlite:)/, names: ['REDIS_URL', 'REDIS_URI', 'REDIS_TLS_URL', 'VALKEY_URL', 'DATABASE_URL', 'DB_URL'] },
  { setting: 'TRUST_PROXY', names: ['TRUSTED_PROXIES', 'TRUST_PROXIES', 'TRUSTED_PROXY', 'FORWARDED_ALLOW_IPS'] },
  { setting: 'ALLOWED_ORIGINS', names: ['CORS_ORIGIN', 'CORS_ORIGINS', 'CORS_ALLOWED_ORIGINS'] },
  { setting: 'WECHAT_APPID', names: ['WX_APPID', 'WX_APP_ID', 'WEIXIN_APPID', 'WEIXIN_APP_ID'] },
  { setting: 'WECHAT_SECRET', names: ['WECHAT_APP_SECRET', 'WECHAT_APPSECRET', 'WX_SECRET', 'WX_APPSECRET', 'WX_APP_SECRET', 'WEIXIN_SECRET', 'WEIXIN_APPSECRET'] },
]

/** Whether a value is what Kubernetes and Docker set for a service beside this one: with a service named "metrics", METRICS_PORT is tcp://10.96.0.7:80. */
export const isServiceAddress = (value: string): boolean => /^(?:tcp|udp|sctp):\/\//.test(value)

/** The variables that Kubernetes and Docker set for each service beside this one: with a service named "wechat", WECHAT_PORT and WECHAT_SERVICE_HOST. */
const isServiceLink = (name: string, value: string): boolean =>
  isServiceAddress(value) || /_SERVICE_(?:HOST|PORT(?:_\w+)?)$|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/.test(name)

const foreignIn = (environment: Environment, known: readonly string[]): readonly string[] =>
  Object.entries(environment).flatMap(([name, value]) => value === undefined || known.includes(name) || isServiceLink(name, value) || isSynonym(name) ? [] : [name])

const isSynonym = (name: string): boolean => synonyms.some(({ names }) => names.includes(name))

/** A line for each name that is a setting's but for slips: it would be ignored silently. */
export const misspelledIn = (environment: Environment, known: readonly string[]): string[] =>
  foreignIn(environment, known).flatMap((name) => {
    const meant = misspelled(name, known)
    return meant === undefined ? [] : [`${name} is not a setting of scan-login: did you mean ${meant}?`]
  })

const misspelled = (name: string, known: readonly string[]): string | undefined =>
  ownOf(known).find((setting) => !common.has(setting) && isMisspelling(name.toUpperCase(), setting))

/** Without settings of one word, which may be any program's. */
const ownOf = (known: readonly string[]): readonly string[] => known.filter((setting) => setting.includes('_') && !everybodys.has(setting))

/** Whether a name has the words of a setting, joined or split, or each of them with one slip at most that makes no other word. */
const isMisspelling = (name: string, setting: string): boolean => {
  if (joined(name) === joined(setting)) return true
  const [words, ownWords] = [name.split('_'), setting.split('_')]
  return words.length === ownWords.length && ownWords.every((own, i) => isSlip(words[i] ?? '', own))
}

const joined = (name: string): string => name.replaceAll('_', '').toUpperCase()

/** A number is no slip: who numbers names has several of them. */
const isSlip = (word: string, own: string): boolean =>
  word === own || (slipsBetween(word, own) === 1 && !otherWords.has(word) && !/\d/.test(word))

/** Lines about names that are not settings and are ignored; the start goes on. */
export interface IgnoredNames {
  /** About names that may have been meant for a setting that isn't set. */
  readonly warnings: readonly string[]
  /** About names that look like settings of this service. */
  readonly notes: readonly string[]
}

/** Finds the names that are not settings, and not surely misspelled ones. The lines hold no value, as it may be a secret. */
export const ignoredNamesIn = (environment: Environment, known: readonly string[]): IgnoredNames => {
  const names = foreignIn(environment, known).filter((name) => misspelled(name, known) === undefined)
  const near = names.map((name) => ({ name, setting: nearest(name, known) }))
    .filter(({ setting }) => setting !== undefined && !isSet(environment, known, setting))
  const others = names.filter((name) => !near.some((one) => one.name === name) && (ownBeginnings.test(name) || nearest(name, known) !== undefined))
  return {
    warnings: [
      ...likelyMeantIn(environment, known),
      ...near.length === 0 ? [] : [`not settings of scan-login, and ignored: ${near.map(({ name, setting }) => `${name} (did you mean ${setting}?)`).join(', ')}`],
    ],
    notes: others.length === 0 ? [] : [`not settings of scan-login, and ignored: ${others.join(', ')}`],
  }
}

/** The setting that a name is near, or that it would have from a file where that is not possible. */
const nearest = (name: string, known: readonly string[]): string | undefined => {
  const own = ownOf(known)
  const letters = joined(name)
  return own.find((setting) => name === `${setting}_FILE`) ?? own.find((setting) => slipsBetween(letters, joined(setting)) <= (joined(setting).length < longName ? 1 : 2))
}

const isSet = (environment: Environment, known: readonly string[], setting = ''): boolean =>
  [setting, `${setting}_FILE`].some((name) => known.includes(name) && (environment[name] ?? '') !== '')

/** A line for each name by which other programs call a setting that isn't set here: a platform may have set it for itself. */
const likelyMeantIn = (environment: Environment, known: readonly string[]): readonly string[] => synonyms.flatMap(({ setting, looks, names }) => {
  const found = isSet(environment, known, setting) ? [] : names.filter((name) => (looks ?? /./).test(environment[name] ?? ''))
  return found.map((name) => `${name} is not a setting of scan-login and is ignored, and ${setting} is not set: did you mean ${setting}?`)
})
