/** What the addresses in a client's entry may be. Each function tells what is wrong with one ("must be …"), or null. */
import { isPrivateAddress, plainAddress } from '../domain/address.ts'
import { hasListedSuffix } from '../domain/public-suffix.ts'

const maxLength = 2048

/** RFC 8252 §7.3; names below localhost are loopback by RFC 6761 §6.3. */
export const isLoopback = ({ hostname }: URL): boolean => /^(?:localhost|.+\.localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)

/** An app's code goes to this address: it is compared character by character, so a form that no app sends, or that reads differently elsewhere, is refused. */
export const whyNoRedirectUri = (text: string): string | null => {
  if (text.includes('*')) return 'must be a whole address: there are no wildcards'
  if (text.includes('#')) return 'must not have a fragment'
  return whyNoUrl(text) ?? (isSafe(new URL(text)) ? null : 'must be https (http on localhost only)')
}

/** The address of an app, which people see and whose origin the phone shows. */
export const whyNoAppUrl = (text: string): string | null => {
  const fault = whyNoRedirectUri(text)
  if (fault !== null) return fault
  return text.includes('?') ? 'must not have a query' : null
}

/** Logout tokens go there from server to server, often inside a private network. They are signed, and tell an eavesdropper who has logged out. */
export const whyNoBackchannelUri = (text: string): string | null => {
  if (text.includes('#')) return 'must not have a fragment'
  const fault = whyNoUrl(text)
  if (fault !== null) return fault
  const url = new URL(text)
  return isSafe(url) || (url.protocol === 'http:' && isPrivateHost(url.hostname)) ? null : 'must be https (http inside a private network only)'
}

const whyNoUrl = (text: string): string | null => {
  const url = URL.parse(text)
  if (url === null || !/^https?:\/\/[^/]/i.test(text)) return 'must be an address like https://app.example.com/callback'
  if (text.length > maxLength) return `must have at most ${maxLength} characters`
  if (url.username !== '' || url.password !== '' || /^https?:\/\/[^/?#]*@/i.test(text)) return 'must not have a user or a password'
  return url.href === text || url.href === `${text}/` ? null : `must be written as ${url.href}` // a browser, and so an app, may send that form alone
}

const isSafe = (url: URL): boolean => url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url))

const isPrivateHost = (hostname: string): boolean => {
  const address = plainAddress(hostname.replace(/^\[|\]$/g, ''))
  return address === '' ? !hasListedSuffix(hostname) : isPrivateAddress(address)
}
