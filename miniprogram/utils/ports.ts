/** What the mini program's logic needs from the phone, so that tests can replace it. platform.ts implements it. */

export interface PhoneRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** JSON text, or undefined for no body. It must be sent as exactly these characters in UTF-8: they are signed. */
  readonly body: string | undefined
}

export interface Reply {
  readonly status: number
  /** The parsed JSON; text if it is none. */
  readonly body: unknown
  /** `Retry-After` in seconds, if there was one. */
  readonly retryAfter?: number
}

export interface Platform {
  /** This WeChat lacks needed interfaces: nothing else here may be called. */
  readonly isTooOld: boolean
  /** Sends a request. Resolves with any status; rejects with WeChat's message when no answer came. */
  request (request: PhoneRequest): Promise<Reply>
  /** Gets a fresh js_code (`wx.login`), valid for one use. Rejects if WeChat gives none. */
  login (): Promise<string>
  /** Whether there is any network, as far as the phone knows. */
  isConnected (): Promise<boolean>
  /** Reads a stored text; undefined if there is none. */
  getStorage (key: string): string | undefined
  /** Stores a text on this phone, if it can; undefined removes it. */
  setStorage (key: string, value: string | undefined): void
  randomBytes (size: number): Promise<Uint8Array>
  /** Milliseconds since 1970, by this phone's clock, which may be wrong. */
  now (): number
}
