/**
 * `<scan-login>`: a login by WeChat for any page. `<script type="module" src="https://login.example.com/scan-login.js"></script>` defines it.
 *
 * Attributes
 * - `server`: the service's address; by default where the script comes from.
 * - `return-to`: where the visitor goes after the login: a path on the service's site or a URL at an allowed origin. Without it they stay.
 * - `locale`: `zh-CN`, `zh-TW` (or any tag of traditional Chinese) or `en`; by default the browser's language.
 * - `theme`: `light` or `dark`; by default the system's.
 * - `compact`: smaller, without footer, and with help only beside the number.
 * - `unattended`: for a screen that nobody touches: the code is renewed for as long as the page is visible, not only while somebody uses it.
 *
 * Slots: `above` and `below`. Parts: `stage`, `code`, `number`, `line`, `help`, `button`, `link`, `footer`.
 *
 * Properties: `--scan-login-ink`, `--scan-login-on-ink`, `--scan-login-press`, `--scan-login-soft`, `--scan-login-faint`, `--scan-login-edge`,
 * `--scan-login-sheet`, `--scan-login-good`, `--scan-login-warn`, `--scan-login-accent`, `--scan-login-on-accent`, `--scan-login-radius`, `--scan-login-size`, `--scan-login-font`, `--scan-login-font-size`.
 *
 * Events don't bubble. `login` can be prevented: then the element doesn't follow `return-to`, and the page goes on by itself.
 */
export class ScanLoginElement extends HTMLElement {
  addEventListener<K extends keyof ScanLoginEventMap> (type: K, listener: (this: ScanLoginElement, event: ScanLoginEventMap[K]) => unknown, options?: boolean | AddEventListenerOptions): void
  addEventListener<K extends Exclude<keyof HTMLElementEventMap, keyof ScanLoginEventMap>> (type: K, listener: (this: ScanLoginElement, event: HTMLElementEventMap[K]) => unknown, options?: boolean | AddEventListenerOptions): void
  addEventListener (type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void
  removeEventListener<K extends keyof ScanLoginEventMap> (type: K, listener: (this: ScanLoginElement, event: ScanLoginEventMap[K]) => unknown, options?: boolean | EventListenerOptions): void
  removeEventListener (type: string, listener: EventListenerOrEventListenerObject, options?: boolean | EventListenerOptions): void
}

export interface ScanLogin {
  /**
   * A JWT for your backend, which verifies it with the keys at `/.well-known/jwks.json`. On another site than the service's, its `aud` is that page's
   * origin: accept no other. There the login sets no cookie, so your backend has to start a session of its own.
   */
  readonly accessToken: string
  /** Seconds. */
  readonly expiresIn: number
  /** `sub` never changes for a person and a mini program; `name` is null until the person chooses one. */
  readonly user: { readonly sub: string, readonly name: string | null }
  /** The `return-to` that the service allowed, else null. */
  readonly returnTo: string | null
}

/** Why the login is interrupted. The element tries again by itself, but not after `person-…`: the person may not log in, and the visitor can ask for a new code. */
export type ScanLoginTrouble = 'offline' | 'busy' | 'unreachable' | 'wechat' | 'crowded' | 'too-often' | 'person-blocked' | 'person-waiting' | 'person-unknown'

export interface ScanLoginEventMap {
  /** There is a new ticket, or a reload continues an old one; `ticket` is its public id, never its secret, and `app` the name of the app that waits for the login, by OpenID Connect, where one does. */
  ticket: CustomEvent<{ readonly ticket: string, readonly app?: string }>
  /** A phone has scanned the code; the element shows the number, if one is asked for. */
  scanned: CustomEvent<object>
  /** The person has confirmed on the phone. If somebody else was logged in in this browser before, the page asks the visitor now whether it was them. */
  confirmed: CustomEvent<object>
  /** The browser is logged in. */
  login: CustomEvent<ScanLogin>
  /** The person cancelled on the phone, or chose a wrong number, or ended the login there before this browser had it, or the visitor said that it wasn't them. A fresh code follows by itself. */
  cancelled: CustomEvent<object>
  /** A ticket has expired before the next one had replaced it, or the app no longer waits for the login. */
  expired: CustomEvent<object>
  error: CustomEvent<{ readonly reason: ScanLoginTrouble }>
}

declare global {
  interface HTMLElementTagNameMap { 'scan-login': ScanLoginElement }
}
