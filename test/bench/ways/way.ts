/** A way to log in, as its clients take it: every request of one login, over bare sockets. */
export interface Way {
  /** Rejects when an answer is not what the way promises. */
  logIn (pauses?: Pauses): Promise<LoginTimes>
  close (): void
}

/** What a person takes; none by default. */
export interface Pauses {
  readonly beforeScanMs: number
  readonly beforeTapMs: number
}

export interface LoginTimes {
  /** From the phone's request to the moment when the page has it: what the page shows is old for so long. */
  readonly scanToPageMs: number
  readonly tapToPageMs: number
  /** By browser and phone together, WebSocket frames left out. */
  readonly requests: number
}

export const noPauses: Pauses = { beforeScanMs: 0, beforeTapMs: 0 }
