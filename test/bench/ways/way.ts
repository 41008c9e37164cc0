/** A way to log in, as its clients take it: every request of one login, over bare sockets. */
export interface Way {
  /** Rejects when an answer is not what the way promises. */
  logIn (options?: LoginOptions): Promise<LoginTimes>
  close (): void
}

export interface LoginOptions {
  /** What a person takes; nothing by default. */
  readonly beforeScanMs?: number
  readonly beforeTapMs?: number
  /** By somebody who was never here; by default it is by somebody who was (`People`). */
  readonly isNewcomer?: boolean
}

export interface LoginTimes {
  /** From the phone's request to the moment when the page has it: what the page shows is old for so long. */
  readonly scanToPageMs: number
  readonly tapToPageMs: number
  /** By browser and phone together, WebSocket frames left out. */
  readonly requests: number
}
