/** Owns what tests ask of any real browser, whichever drives it: pages that are seen, each with a jar of its own where its host differs. */

export interface Tab {
  /** What a script's one expression comes to, a promise's value included; it has to be JSON. */
  evaluate (expression: string): Promise<unknown>
}

export interface OpenOptions {
  /** The visitor's own proxy, as `127.0.0.1:3128`. Not every browser can have one for a single page. */
  readonly forwardProxy?: string | undefined
}

export interface RealBrowser {
  /** Shows a page in a window of its own. Does not wait until the page has all it needs. */
  open (url: string, options?: OpenOptions): Promise<Tab>
  close (): Promise<void>
}
