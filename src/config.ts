/** Every setting: its name, its default, and its value in an environment, which comes in as an argument. */
import { networkMatcher } from './domain/address.ts'
import { proxyFor } from './domain/proxy.ts'
import { isPublicSuffix } from './domain/public-suffix.ts'
import { foreignOrigins } from './domain/site.ts'
import { ignoredNamesIn, isServiceAddress, misspelledIn, type IgnoredNames } from './setting-names.ts'
import {
  appSecret, cidr, emailDomain, httpUrl, integer, isNoProxyEntry, list, matchNumbers, noProxy, noProxyEntries, oneOf, origin, proxyUrl, publicUrl, seconds, siteColor, siteName, text, webhookSecret, webhookUrl, wrong,
} from './setting-values.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** `fallback` is the value where the operator sets none. `parse` throws an Error whose message goes on from the setting's name: "must be …". */
interface Setting<T> {
  readonly fallback: T
  readonly parse: (text: string) => T
}

const setting = <T>(fallback: NoInfer<T>, parse: (text: string) => T): Setting<T> => ({ fallback, parse })

const optional = <T>(parse: (text: string) => T): Setting<T | null> => ({ fallback: null, parse })

const settings = {
  // Where the service listens, and what browsers and phones see
  PUBLIC_URL: setting('http://localhost:3000', publicUrl),
  HOST: setting('::', text(/^[A-Za-z0-9.:_-]+$/, 'must be an address or a host name')), // `::` is both families; serve.ts takes 0.0.0.0 where there is no IPv6
  PORT: setting(3000, integer(0, 65_535)), // 0: any free one
  TRUST_PROXY: setting([], list(cidr)),

  // The mini program, and WeChat's API
  WECHAT_APPID: optional(text(/^[A-Za-z0-9_-]{1,64}$/, 'must be the AppID of a mini program')),
  WECHAT_SECRET: optional(appSecret),
  WECHAT_API_URL: setting('https://api.weixin.qq.com', httpUrl),
  WECHAT_ENV_VERSION: setting('release', oneOf('release', 'trial', 'develop')),
  CODE_SUPPLY: setting(8, integer(0, 1000)), // prefetched codes
  WECHAT_URL_LINK: setting('off', oneOf('on', 'off')),
  HTTPS_PROXY: optional(proxyUrl),
  HTTP_PROXY: optional(proxyUrl),
  NO_PROXY: setting([], noProxy),

  // What is kept
  STORE_URL: setting('sqlite:data/scan-login.db', text(/^(?:sqlite:|rediss?:\/\/|redis\+(?:cluster|sentinel):\/\/)./, 'must be sqlite:<file>, sqlite::memory:, redis://…, rediss://…, redis+sentinel://… or redis+cluster://…')),
  KEYS_FILE: setting('data/keys.json', text(/./, 'must be a file')),

  // The site, and what the phone shows
  SITE_NAME: optional(siteName),
  SITE_LOGO: optional(text(/./, 'must be a file')),
  SITE_COLOR: optional(siteColor),
  SITE_PRIVACY_URL: optional(httpUrl),
  SITE_TERMS_URL: optional(httpUrl),
  OTHER_LOGIN_URL: optional(httpUrl),
  ALLOWED_ORIGINS: setting([], list(origin)),
  GEOIP_FILE: optional(text(/./, 'must be a file')),

  // One login
  TICKET_TTL: setting(180, integer(1, 3600)), // seconds
  MAX_WAIT: setting(25, integer(0, 55)), // seconds that a poll is held
  MATCH_NUMBERS: setting('tap', matchNumbers),

  // People
  REGISTRATION: setting('open', oneOf('open', 'approval', 'closed')),
  KEEP_WECHAT_IDS: setting('off', oneOf('on', 'off')),

  // Apps that people log in to
  OIDC_CLIENTS_FILE: optional(text(/./, 'must be a file')),
  OIDC_EMAIL_DOMAIN: optional(emailDomain),

  // Steps for another program
  WEBHOOK_URL: optional(webhookUrl),
  WEBHOOK_SECRET: optional(webhookSecret),

  // Sessions and tokens
  COOKIE_DOMAIN: optional(text(/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/, 'must be a domain like example.com, without a leading dot')),
  SESSION_IDLE: setting(30 * 86_400, seconds(1, 400 * 86_400)),
  SESSION_MAX: setting(90 * 86_400, seconds(1, 400 * 86_400)),
  TOKEN_AUDIENCE: optional(text(/^[\x21-\x7e]{1,256}$/, 'must be 1 to 256 visible ASCII characters')),

  // Limits: in all, and a minute
  MAX_TICKETS: setting(100_000, integer(1, 10_000_000)),
  MAX_HELD_POLLS: setting(20_000, integer(0, 1_000_000)),
  LIMIT_CREATE: setting(60, integer(1, 1_000_000)),
  LIMIT_GUESS: setting(60, integer(1, 1_000_000)),
  LIMIT_PHONE: setting(120, integer(1, 1_000_000)),

  // Numbers for a scraper
  METRICS_HOST: setting('127.0.0.1', text(/^[A-Za-z0-9.:_-]+$/, 'must be an address or a host name')),
  METRICS_PORT: optional(integer(1, 65_535)),

  LOG_LEVEL: setting('info', oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent')),
}

type Settings = typeof settings

type Values = { readonly [Name in keyof Settings]: Settings[Name]['fallback'] }

const loopback = ['127.0.0.1', '::1']

/** What follows from the settings. */
const derive = ({ PUBLIC_URL, SITE_NAME, ALLOWED_ORIGINS, TOKEN_AUDIENCE, TRUST_PROXY, OIDC_EMAIL_DOMAIN }: Values) => {
  const url = new URL(PUBLIC_URL)
  return {
    /** Scheme, host and port of PUBLIC_URL. */
    origin: url.origin,
    /** The path of PUBLIC_URL without a slash at its end; '' for none. */
    basePath: url.pathname.replace(/\/$/, ''),
    siteName: SITE_NAME ?? url.host,
    /** The site that people log in to: the root of PUBLIC_URL's host where the service is below it, else the only origin in ALLOWED_ORIGINS. */
    home: url.pathname !== '/' ? `${url.origin}/` : ALLOWED_ORIGINS.length === 1 ? `${ALLOWED_ORIGINS[0]}/` : null,
    audience: TOKEN_AUDIENCE ?? url.origin,
    /** The domain of people's made-up e-mail addresses. By default one that can't exist (RFC 2606 §2), so that nobody gets their mail. */
    emailDomain: OIDC_EMAIL_DOMAIN ?? `${/^[\w.-]+$/.test(url.hostname) ? url.hostname.replace(/\.$/, '') : 'localhost'}.invalid`, // an IPv6 address can't be part of a domain
    /** TRUST_PROXY; with one loopback address also the other, as a proxy on this machine that connects to "localhost" comes from either. */
    proxies: loopback.some(networkMatcher(TRUST_PROXY)) ? [...TRUST_PROXY, ...loopback] : TRUST_PROXY,
    /** Whether PUBLIC_URL is https. */
    isSecure: url.protocol === 'https:',
  }
}

/** The settings, checked, and what follows from them. */
export type Config = Values & Readonly<ReturnType<typeof derive>>

/** A configuration with the credentials of a mini program, which the service needs and some commands don't. */
export type ServiceConfig = Config & { readonly WECHAT_APPID: string, readonly WECHAT_SECRET: string }

/** The names an operator may set, as the README lists them. */
export const settingNames = Object.keys(settings) as ReadonlyArray<keyof Settings>

/** Settings that may be given as a file, as orchestrators mount secrets: WECHAT_SECRET_FILE names a file with the value of WECHAT_SECRET. */
export const secretNames: readonly string[] = ['WECHAT_SECRET', 'STORE_URL', 'WEBHOOK_SECRET'] satisfies Array<keyof Settings>

/** Settings that other programs read in lower case first. */
export const alsoInLowerCase: ReadonlySet<string> = new Set(['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY'] satisfies Array<keyof Settings>)

const knownNames = [...settingNames, ...secretNames.map((name) => `${name}_FILE`), ...[...alsoInLowerCase].map((name) => name.toLowerCase())]

/** A configuration that stops the start: one line for each mistake. */
export class ConfigError extends Error {
  readonly lines: readonly string[]

  constructor (lines: readonly string[]) {
    super(lines.join('\n'))
    this.name = 'ConfigError'
    this.lines = lines
  }
}

/** Settings, and what is ignored of an environment. */
export interface ReadSettings extends IgnoredNames {
  readonly config: Config
}

/**
 * Reads the settings; an empty value counts as none, and white space around one is no part of it. Without `readFile` no secret is read from a file. Throws
 * a ConfigError that names every bad value and every misspelled setting.
 */
export const readSettings = (environment: Environment, readFile?: (path: string) => string): ReadSettings => {
  const lines = misspelledIn(environment, knownNames)
  const links = settingNames.filter((name) => isServicePort(name, textIn(environment, name)))
  const badProxies: Array<{ readonly setting: string, readonly name: string, readonly message: string }> = []
  const values = Object.fromEntries(Object.entries(settings).map(([setting, { fallback, parse }]) => {
    const name = givenName(setting, environment)
    try {
      const value = secretNames.includes(name) ? secretIn(environment, name, readFile) : textIn(environment, name)
      return [setting, value === '' || isServicePort(name, value) ? fallback : parse(value)]
    } catch (error) {
      const { message } = error as Error // all of these throw Errors
      if (alsoInLowerCase.has(setting)) badProxies.push({ setting, name, message })
      else lines.push(`${name} ${message}`)
      return [setting, fallback]
    }
  })) as Values // built from the table's own names

  const used = [values.WECHAT_API_URL, values.WEBHOOK_URL].map((url) => url !== null && proxyFor(url, { HTTPS_PROXY: 'HTTPS_PROXY', HTTP_PROXY: 'HTTP_PROXY', NO_PROXY: values.NO_PROXY }))
  lines.push(...badProxies.filter(({ setting }) => used.includes(setting)).map(({ name, message }) => `${name} ${message}`))
  const isSecretMissing = values.WEBHOOK_URL !== null && [environment.WEBHOOK_SECRET, environment.WEBHOOK_SECRET_FILE].every((value) => (value ?? '').trim() === '')
  if (isSecretMissing) lines.push('WEBHOOK_URL needs a WEBHOOK_SECRET, with which each message is signed: echo "whsec_$(openssl rand -base64 32)" makes one')
  const config = { ...values, ...derive(values) }
  lines.push(...conflictsIn(config))
  if (lines.length > 0) throw new ConfigError(lines)

  const { warnings, notes } = ignoredNamesIn(environment, knownNames)
  const noProxyName = givenName('NO_PROXY', environment)
  return {
    config,
    warnings: [
      ...warnings,
      ...links.map((name) => `${name} is ignored: it is the address of a service beside this one, as Kubernetes and Docker set it. In Kubernetes, enableServiceLinks: false keeps them away`),
      ...badProxies.map(({ name, message }) => `${name} is ignored, as no call to WeChat or to WEBHOOK_URL needs it: here it ${message}`),
      ...noProxyEntries(textIn(environment, noProxyName)).every(isNoProxyEntry) ? [] : [`${noProxyName} has entries that are no host name, address or CIDR, and they are ignored`],
    ],
    notes,
  }
}

/** Reads the settings alone. Throws as `readSettings` does. */
export const readConfig = (environment: Environment, readFile?: (path: string) => string): Config => readSettings(environment, readFile).config

/** Whether the name and value of a port's setting come from an orchestrator: for a service named "metrics", METRICS_PORT is tcp://10.96.0.7:80. */
const isServicePort = (name: string, value: string): boolean => /(?:^|_)PORT$/.test(name) && isServiceAddress(value)

/** A value's text. Files made by `echo`, and lines copied from somewhere, end with white space. */
const textIn = (environment: Environment, name: string): string => environment[name]?.trim() ?? ''

/** The text of a setting that may be given as a file. Throws as `parse` does; the error has the file's name and nothing of its content. */
const secretIn = (environment: Environment, name: string, readFile?: (path: string) => string): string => {
  const [value, path] = [textIn(environment, name), textIn(environment, `${name}_FILE`)]
  if (path === '' || readFile === undefined) return value
  if (value !== '') return wrong(`and ${name}_FILE are both set: set only one of them`)
  const text = contentOf(path, readFile).trim()
  return text === '' ? wrong(`can't be read from ${path}: the file is empty`) : text
}

const contentOf = (path: string, readFile: (path: string) => string): string => {
  try {
    return readFile(path)
  } catch (cause) {
    return wrong(`can't be read from ${path}: ${(cause as Error).message}`) // node:fs throws Errors
  }
}

const givenName = (setting: string, environment: Environment): string => {
  const lowerCase = setting.toLowerCase()
  return alsoInLowerCase.has(setting) && textIn(environment, lowerCase) !== '' ? lowerCase : setting
}

/** Settings that are good by themselves, and not together. */
const conflictsIn = (config: Config): readonly string[] => {
  const { PUBLIC_URL, COOKIE_DOMAIN, METRICS_PORT, PORT, audience, isSecure } = config
  const { hostname } = new URL(PUBLIC_URL)
  const lines: string[] = []
  if (COOKIE_DOMAIN !== null) {
    if (hostname !== COOKIE_DOMAIN && !hostname.endsWith(`.${COOKIE_DOMAIN}`)) lines.push('COOKIE_DOMAIN must be the domain of PUBLIC_URL or one above it')
    if (isPublicSuffix(COOKIE_DOMAIN)) lines.push('COOKIE_DOMAIN is a public suffix, under which anybody can have a name: browsers refuse a cookie for it. Name a domain of your own')
    if (!isSecure) lines.push('COOKIE_DOMAIN needs a PUBLIC_URL with https')
  }
  if (METRICS_PORT === PORT) lines.push('METRICS_PORT must be another port than PORT: what it tells is not for visitors')
  if (foreignOrigins(config).includes(audience)) {
    lines.push('TOKEN_AUDIENCE must not be an origin of another site in ALLOWED_ORIGINS: tokens with that audience are for that site, and your own site refuses them')
  }
  return lines
}
