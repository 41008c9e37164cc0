/** Owns what can be configured: names, defaults, meaning and form, in one table. Reads no environment by itself. */
import { readNetwork } from './domain/address.ts'
import { isPublicSuffix } from './domain/public-suffix.ts'
import { foreignOrigins } from './domain/site.ts'
import { isPlainText } from './domain/text.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** One setting: what it is without a word from the operator, and how a text is read; `parse` throws an Error that says what the text must be. */
interface Setting<T> {
  readonly fallback: T
  readonly parse: (text: string) => T
}

const setting = <T>(fallback: T, parse: (text: string) => T): Setting<T> => ({ fallback, parse })

const wrong = (mustBe: string): never => { throw new Error(mustBe) }

const integer = (min: number, max: number) => (text: string): number => {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN
  return value >= min && value <= max ? value : wrong(`must be a whole number from ${min} to ${max}`)
}

const unitSeconds: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 }

const seconds = (min: number, max: number) => (text: string): number => {
  const [, digits = '', unit = ''] = /^(\d{1,9})([smhd]?)$/.exec(text) ?? []
  const value = digits === '' ? NaN : Number(digits) * (unitSeconds[unit] ?? NaN)
  return value >= min && value <= max ? value : wrong(`must be seconds, or a number with s, m, h or d, from ${min} to ${max} seconds`)
}

const oneOf = <T extends string>(...words: readonly T[]) => (text: string): T =>
  words.find((word) => word === text) ?? wrong(`must be one of ${words.join(', ')}`)

/** `on` is what `tap` was called when there was no other way. */
const matchNumbers = (text: string): 'tap' | 'type' | 'off' => {
  const word = oneOf('tap', 'type', 'off', 'on')(text)
  return word === 'on' ? 'tap' : word
}

const list = <T>(item: (text: string) => T) => (text: string): readonly T[] => text.split(',').map((part) => item(part.trim()))

const text = (pattern: RegExp, mustBe: string) => (value: string): string => pattern.test(value) ? value : wrong(mustBe)

/** WeChat's are 32 hex digits. Those that somebody typed to fill the place are told at the start, not at the first login. */
const appSecret = (value: string): string => {
  text(/^[A-Za-z0-9]{16,64}$/, 'must be the AppSecret of a mini program')(value)
  const isExample = new Set(value.toLowerCase()).size < 5 || /secret|example|changeme|replace|your/i.test(value)
  return isExample ? wrong('must be the AppSecret of your mini program, and is an example') : value
}

const siteName = (value: string): string =>
  isPlainText(value, 64) && value.trim() !== '' ? value : wrong('must be 1 to 64 characters, none of them hidden')

const isLocal = (hostname: string): boolean => /^(?:localhost|.+\.localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)

const publicUrl = (value: string): string => {
  const url = URL.parse(value)
  const mustBe = 'must be an https URL (http on localhost only) without query, fragment or password'
  if (url === null || url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '' || value.endsWith('?') || value.endsWith('#')) return wrong(mustBe)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLocal(url.hostname))) return wrong(mustBe)
  if (!/^[A-Za-z0-9/._~-]*$/.test(url.pathname) || url.pathname.includes('//')) return wrong('has a path with more than letters, digits, "/", ".", "_", "~" and "-"')
  return url.href.replace(/\/$/, '')
}

const httpUrl = (value: string): string => {
  const url = URL.parse(value)
  return url !== null && /^https?:$/.test(url.protocol) ? url.href.replace(/\/$/, '') : wrong('must be an http or https URL')
}

const origin = (value: string): string =>
  /^https?:\/\/[^/]/.test(value) && URL.parse(value)?.origin === value ? value : wrong('must be origins like https://www.example.com, separated by commas')

const cidr = (value: string): string => {
  const bits = readNetwork(value)?.bits ?? 0
  return bits > 0 ? value : wrong('must be addresses or CIDRs of your proxies, separated by commas (no number, no "true")')
}

const settings = {
  PUBLIC_URL: setting('http://localhost:3000', publicUrl),
  HOST: setting('0.0.0.0', text(/^[A-Za-z0-9.:_-]+$/, 'must be an address or a host name')),
  PORT: setting(3000, integer(0, 65_535)),
  WECHAT_APPID: setting<string | null>(null, text(/^[A-Za-z0-9_-]{1,64}$/, 'must be the AppID of a mini program')),
  WECHAT_SECRET: setting<string | null>(null, appSecret),
  WECHAT_API_URL: setting('https://api.weixin.qq.com', httpUrl),
  WECHAT_ENV_VERSION: setting<'release' | 'trial' | 'develop'>('release', oneOf('release', 'trial', 'develop')),
  CODE_SUPPLY: setting(8, integer(0, 1000)),
  WECHAT_URL_LINK: setting<'on' | 'off'>('off', oneOf('on', 'off')),
  STORE_URL: setting('sqlite:data/scan-login.db', text(/^(?:sqlite:|rediss?:\/\/|redis\+(?:cluster|sentinel):\/\/)./, 'must be sqlite:<file>, sqlite::memory:, redis://…, rediss://…, redis+sentinel://… or redis+cluster://…')),
  KEYS_FILE: setting('data/keys.json', text(/./, 'must be a file')),
  SITE_NAME: setting<string | null>(null, siteName),
  GEOIP_FILE: setting<string | null>(null, text(/./, 'must be a file')),
  ALLOWED_ORIGINS: setting<readonly string[]>([], list(origin)),
  TRUST_PROXY: setting<readonly string[]>([], list(cidr)),
  TICKET_TTL: setting(180, integer(1, 3600)),
  MAX_WAIT: setting(25, integer(0, 55)),
  MATCH_NUMBERS: setting<'tap' | 'type' | 'off'>('tap', matchNumbers),
  COOKIE_DOMAIN: setting<string | null>(null, text(/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/, 'must be a domain like example.com, without a leading dot')),
  SESSION_IDLE: setting(30 * 86_400, seconds(1, 400 * 86_400)),
  SESSION_MAX: setting(90 * 86_400, seconds(1, 400 * 86_400)),
  TOKEN_AUDIENCE: setting<string | null>(null, text(/^[\x21-\x7e]{1,256}$/, 'must be 1 to 256 visible ASCII characters')),
  MAX_TICKETS: setting(100_000, integer(1, 10_000_000)),
  MAX_HELD_POLLS: setting(20_000, integer(0, 1_000_000)),
  LIMIT_CREATE: setting(60, integer(1, 1_000_000)),
  LIMIT_GUESS: setting(60, integer(1, 1_000_000)),
  LIMIT_PHONE: setting(120, integer(1, 1_000_000)),
  LOG_LEVEL: setting<'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'>('info', oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent')),
}

type Settings = typeof settings

/** What the operator chose, checked; plus what follows from it. */
export type Config = { readonly [Name in keyof Settings]: Settings[Name]['fallback'] } & {
  /** Scheme, host and port of PUBLIC_URL. */
  readonly origin: string
  /** The path of PUBLIC_URL without a slash at its end; '' for none. */
  readonly basePath: string
  readonly siteName: string
  readonly audience: string
  readonly isSecure: boolean
}

/** A configuration that names a mini program; without one nothing can be served. */
export type ServiceConfig = Config & { readonly WECHAT_APPID: string, readonly WECHAT_SECRET: string }

/** The names an operator may set, as the README lists them. */
export const settingNames = Object.keys(settings) as ReadonlyArray<keyof Settings>

/** Why a start was refused: one line for each mistake. */
export class ConfigError extends Error {
  readonly lines: readonly string[]

  constructor (lines: readonly string[]) {
    super(lines.join('\n'))
    this.name = 'ConfigError'
    this.lines = lines
  }
}

/** Reads the configuration. Throws a ConfigError that names every bad value and every misspelt name of ours. */
export const readConfig = (environment: Environment): Config => {
  const lines = misspelt(environment)
  const values = Object.fromEntries(Object.entries(settings).map(([name, { fallback, parse }]) => {
    const value = environment[name]
    if (value === undefined || value === '') return [name, fallback]
    try {
      return [name, (parse as Setting<unknown>['parse'])(value)]
    } catch (error) {
      lines.push(`${name} ${(error as Error).message}`) // parse throws Errors only
      return [name, fallback]
    }
  })) as { [Name in keyof Settings]: Settings[Name]['fallback'] } // built from the table's own names

  const url = new URL(values.PUBLIC_URL)
  if (values.COOKIE_DOMAIN !== null && url.hostname !== values.COOKIE_DOMAIN && !url.hostname.endsWith(`.${values.COOKIE_DOMAIN}`)) {
    lines.push('COOKIE_DOMAIN must be the domain of PUBLIC_URL or one above it')
  }
  if (values.COOKIE_DOMAIN !== null && isPublicSuffix(values.COOKIE_DOMAIN)) {
    lines.push('COOKIE_DOMAIN is a public suffix, under which anybody can have a name: browsers refuse a cookie for it. Name a domain of your own')
  }
  if (values.COOKIE_DOMAIN !== null && url.protocol !== 'https:') lines.push('COOKIE_DOMAIN needs a PUBLIC_URL with https')
  if (foreignOrigins({ ...values, origin: url.origin }).includes(values.TOKEN_AUDIENCE ?? url.origin)) {
    lines.push('TOKEN_AUDIENCE must not be an origin of another site in ALLOWED_ORIGINS: that is what marks the tokens of that site, which are no good for yours')
  }
  if (lines.length > 0) throw new ConfigError(lines)

  return {
    ...values,
    origin: url.origin,
    basePath: url.pathname.replace(/\/$/, ''),
    siteName: values.SITE_NAME ?? url.host,
    audience: values.TOKEN_AUDIENCE ?? url.origin,
    isSecure: url.protocol === 'https:',
  }
}

/** Names that start like ours or are nearly ours: a typing error that would otherwise pass in silence. */
const misspelt = (environment: Environment): string[] => Object.keys(environment)
  .filter((name) => !Object.hasOwn(settings, name))
  .flatMap((name) => {
    const near = settingNames.find((ours) => isNearly(name, ours))
    if (near === undefined && !/^(?:WECHAT|LIMIT|TICKET|MATCH)_/.test(name)) return []
    return `${name} is not a setting of scan-login${near === undefined ? '' : `: did you mean ${near}?`}`
  })

/** Letters in another order, one too many or one too few; of names with an underscore, as short words are anybody's. */
const isNearly = (name: string, ours: string): boolean => {
  const [long, short] = name.length > ours.length ? [name, ours] : [ours, name]
  if (!ours.includes('_') || long.length - short.length > 1) return false
  if (long.length === short.length) return [...name].sort().join() === [...ours].sort().join()
  return Array.from(long, (_, i) => long.slice(0, i) + long.slice(i + 1)).includes(short)
}
