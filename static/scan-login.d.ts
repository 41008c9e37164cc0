/**
 * `<scan-login>`: a login by WeChat for any page. `<script type="module" src="https://login.example.com/scan-login.js"></script>` defines it.
 *
 * Attributes
 * - `server`: address of the service; by default the one that the script comes from.
 * - `return-to`: where the visitor goes after the login, a path on the site of the service or a URL at an allowed origin; without it they stay.
 * - `locale`: `zh-CN`, `zh-TW` (or any tag of traditional Chinese) or `en`; by default the visitor's own.
 * - `theme`: `light` or `dark`; by default the visitor's own.
 * - `compact`: smaller, without help and footer.
 *
 * Slots: `above` and `below`. Parts: `stage`, `code`, `number`, `line`, `help`, `button`, `link`, `footer`.
 *
 * Properties: `--scan-login-ink`, `--scan-login-on-ink`, `--scan-login-press`, `--scan-login-soft`, `--scan-login-faint`, `--scan-login-edge`,
 * `--scan-login-sheet`, `--scan-login-good`, `--scan-login-warn`, `--scan-login-radius`, `--scan-login-size`, `--scan-login-font`.
 *
 * Events don't bubble. `login` can be prevented: then the page takes the visitor on by itself, whatever `return-to` says.
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
   * A JWT for your backend, which verifies it with the keys at `/.well-known/jwks.json`. On a page of another site than the service's its `aud` is that
   * page's origin: take no other. There it is all that the login gives, without a cookie; your backend keeps a session of its own.
   */
  readonly accessToken: string
  /** Seconds. */
  readonly expiresIn: number
  /** `sub` is the same for a person and a mini program for ever; `name` is null until they choose one. */
  readonly user: { readonly sub: string, readonly name: string | null }
  /** What `return-to` asked for, where it is allowed. */
  readonly returnTo: string | null
}

/** Why it doesn't go on just now; it tries again by itself. */
export type ScanLoginTrouble = 'offline' | 'busy' | 'unreachable' | 'wechat' | 'crowded' | 'too-often'

export interface ScanLoginEventMap {
  /** A fresh ticket; `ticket` is its public id, never its secret. */
  ticket: CustomEvent<{ readonly ticket: string }>
  /** A phone has scanned it; the page shows the number. */
  scanned: CustomEvent<object>
  /** The phone said yes. Where this browser was somebody else's before, the visitor is now asked whether that was them. */
  confirmed: CustomEvent<object>
  /** The browser is in, and the visitor has said that it is them where it was somebody else's before. */
  login: CustomEvent<ScanLogin>
  /** The phone said no, or took a wrong number, or the visitor said that it isn't them; a fresh code comes by itself. */
  cancelled: CustomEvent<object>
  /** The time of a ticket is up, and no other had taken its place before. */
  expired: CustomEvent<object>
  error: CustomEvent<{ readonly reason: ScanLoginTrouble }>
}

declare global {
  interface HTMLElementTagNameMap { 'scan-login': ScanLoginElement }
}
