/** How the text of a setting is read: each function returns the value, or throws an Error whose message goes on from the setting's name ("must be …"). */
import { readNetwork } from './domain/address.ts'
import { isPlainText } from './domain/text.ts'
import { readWebhookSecrets } from './domain/webhook-secret.ts'

export const wrong = (mustBe: string): never => { throw new Error(mustBe) }

export const integer = (min: number, max: number) => (text: string): number => {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN
  return value >= min && value <= max ? value : wrong(`must be a whole number from ${min} to ${max}`)
}

const unitSeconds: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 }

export const seconds = (min: number, max: number) => (text: string): number => {
  const [, digits = '', unit = ''] = /^(\d{1,9})([smhd]?)$/.exec(text) ?? []
  const value = digits === '' ? NaN : Number(digits) * (unitSeconds[unit] ?? NaN)
  return value >= min && value <= max ? value : wrong(`must be a number of seconds, or one with s, m, h or d (like 30d), from ${min} to ${max} seconds`)
}

export const oneOf = <T extends string>(...words: readonly T[]) => (text: string): T =>
  words.find((word) => word === text) ?? wrong(`must be one of ${words.join(', ')}`)

/** `on` is an older name of `tap`, from when that was the only way. */
export const matchNumbers = (text: string): 'tap' | 'type' | 'off' => {
  const word = oneOf('tap', 'type', 'off', 'on')(text)
  return word === 'on' ? 'tap' : word
}

export const list = <T>(item: (text: string) => T) => (text: string): readonly T[] => text.split(',').map((part) => item(part.trim()))

export const text = (pattern: RegExp, mustBe: string) => (value: string): string => pattern.test(value) ? value : wrong(mustBe)

/** WeChat's are 32 hex digits. A placeholder stops the start, as it would otherwise show at the first login only. */
export const appSecret = (value: string): string => {
  text(/^[A-Za-z0-9]{16,64}$/, 'must be the AppSecret of a mini program')(value)
  const isExample = new Set(value.toLowerCase()).size < 5 || /secret|example|changeme|replace|your/i.test(value)
  return isExample ? wrong('must be the AppSecret of your mini program, not an example') : value
}

export const siteName = (value: string): string =>
  isPlainText(value, 64) && value.trim() !== '' ? value : wrong('must be 1 to 64 characters, without hidden ones')

/** The pages' buttons have it as their background, on a white card and with white text: 4.5 : 1 is what WCAG 2 asks for text. */
export const siteColor = (value: string): string => {
  const color = text(/^#[0-9a-f]{6}$/i, 'must be a color like #1a3d7c')(value)
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255).map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
  const contrast = 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
  return contrast >= 4.5 ? color : wrong(`has a contrast of ${contrast.toFixed(1)} : 1 with white, and needs 4.5 : 1, as buttons have white text on it: take a darker one`)
}

const isLocal = (hostname: string): boolean => /^(?:localhost|.+\.localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)

export const publicUrl = (value: string): string => {
  const url = URL.parse(value)
  const mustBe = 'must be an https URL (http on localhost only) without query, fragment or password'
  if (url === null || url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '' || value.endsWith('?') || value.endsWith('#')) return wrong(mustBe)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLocal(url.hostname))) return wrong(mustBe)
  if (!/^[A-Za-z0-9/._~-]*$/.test(url.pathname) || url.pathname.includes('//')) return wrong('must have a path of letters, digits, ".", "_", "~" and "-" between single slashes')
  return url.href.replace(/\/$/, '')
}

export const httpUrl = (value: string): string => {
  const url = URL.parse(value)
  return url !== null && /^https?:$/.test(url.protocol) ? url.href.replace(/\/$/, '') : wrong('must be an http or https URL')
}

/** As it is, with a slash at its end. Its path and query may be secrets of the receiver, so no message quotes it. */
export const webhookUrl = (value: string): string => {
  const url = URL.parse(value)
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' && url.hash === ''
    ? url.href
    : wrong('must be an http or https URL without user, password and fragment')
}

export const webhookSecret = (value: string): string =>
  readWebhookSecrets(value) === null ? wrong('must be whsec_ and the base64 of 24 to 64 random bytes, or up to three of them with commas: echo "whsec_$(openssl rand -base64 32)" makes one') : value

/** Without a scheme it is http, as in curl. The URL may hold credentials, so no message quotes it. */
export const proxyUrl = (value: string): string => {
  const url = URL.parse(value.includes('://') ? value : `http://${value}`)
  const isWhole = url !== null && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search === '' && url.hash === ''
  return isWhole && isDecodable(url.username + url.password) ? url.href : wrong('must be the http or https URL of a proxy, like http://proxy.example.com:3128')
}

const isDecodable = (value: string): boolean => {
  try {
    decodeURIComponent(value)
    return true
  } catch {
    return false
  }
}

/** Names, addresses and CIDRs, separated by commas or spaces, as other programs read them; on Windows, by semicolons. */
export const noProxyEntries = (value: string): readonly string[] => value.split(/[,;\s]+/).filter((entry) => entry !== '')

export const isNoProxyEntry = (entry: string): boolean => /^(?!.*\/\/)[A-Za-z0-9.*:/_[\]-]+$/.test(entry)

/** The variable is one of all programs, and some take more: what this service can't use is left out. */
export const noProxy = (value: string): readonly string[] => noProxyEntries(value).filter(isNoProxyEntry)

export const origin = (value: string): string =>
  /^https?:\/\/[^/]/.test(value) && URL.parse(value)?.origin === value ? value : wrong('must be origins like https://www.example.com, separated by commas')

/** `wx-`, 16 characters and `@` stand before it, and some programs keep 50 characters of an address. */
const maxEmailDomain = 30

/** The domain of people's made-up e-mail addresses. */
export const emailDomain = (value: string): string => {
  text(/^[a-z0-9]+(?:-+[a-z0-9]+)*(?:\.[a-z0-9]+(?:-+[a-z0-9]+)*)+$/, 'must be a domain like users.example.com, in lower case')(value)
  return value.length <= maxEmailDomain ? value : wrong(`must be a domain of at most ${maxEmailDomain} characters: some programs refuse addresses of more than 50, and 20 stand before the domain`)
}

export const cidr = (value: string): string => {
  const bits = readNetwork(value)?.bits ?? 0
  return bits > 0 ? value : wrong('must be addresses or CIDRs of your proxies, separated by commas (no number, no "true", no 0.0.0.0/0)')
}
