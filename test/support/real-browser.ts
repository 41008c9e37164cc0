export interface Tab {
  /** Evaluates one expression in the page and resolves with its value, that of a promise included. The value has to be JSON. */
  evaluate (expression: string): Promise<unknown>
}

export interface OpenOptions {
  /** The visitor's own proxy, as `127.0.0.1:3128`. WebKit can't have one for a single page. */
  readonly forwardProxy?: string | undefined
}

/** What tests need of a real browser, whichever protocol drives it. */
export interface RealBrowser {
  /** Opens a visible page, with cookies of its own if its host differs. Doesn't wait for everything that the page loads. */
  open (url: string, options?: OpenOptions): Promise<Tab>
  close (): Promise<void>
}
