/** What the phone's logic needs from the phone it runs on. `platform.ts` binds it to WeChat. */

export interface PhoneRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** JSON text, or undefined for no body at all. The bytes on the wire are the UTF-8 of it, since they were signed. */
  readonly body: string | undefined
}

export interface Reply {
  readonly status: number
  /** The parsed JSON, or whatever else came. */
  readonly body: unknown
  /** `Retry-After` in seconds, where there was one. */
  readonly retryAfter?: number
}

export interface Platform {
  /** This WeChat lacks what the rest needs; nothing else here may be called then. */
  readonly isTooOld: boolean
  /** Sends a request. Resolves whatever the status is; rejects with WeChat's words when no answer came. */
  request (request: PhoneRequest): Promise<Reply>
  /** A fresh js_code (`wx.login`); good for one use. Rejects where WeChat gives none. */
  login (): Promise<string>
  /** Whether there is any network, as far as the phone knows. */
  isConnected (): Promise<boolean>
  /** A kept text, or undefined. */
  getStorage (key: string): string | undefined
  /** Keeps a text on this phone, where it can; undefined takes it away. */
  setStorage (key: string, value: string | undefined): void
  randomBytes (size: number): Promise<Uint8Array>
  /** Milliseconds since 1970, by this phone's clock, which may be wrong. */
  now (): number
}
