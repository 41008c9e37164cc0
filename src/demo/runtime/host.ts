/** The interface between the phone and the mini program in its frame. Types only. */

/** How a mini program was opened. */
export interface LaunchOptions {
  /** Such as `pages/login/login`. */
  readonly path: string
  /** Values are still percent-encoded. */
  readonly query: Readonly<Record<string, string>>
  /** WeChat's scene value: 1047 is a scanned code, 1049 a code in a picture, 1089 the list of recent mini programs. */
  readonly scene: number
}

export interface PhoneSettings {
  readonly online: boolean
  /** Phone's time minus real time. */
  readonly clockOffsetMs: number
  /** WeChat's font size setting; the default is 16. */
  readonly fontSizePx: number
  readonly theme: 'light' | 'dark'
  /** `zh_CN`, `zh_TW` or `en`, as WeChat names them. */
  readonly language: string
}

export interface NavigationBar {
  readonly title: string
  readonly background: string
  readonly text: 'black' | 'white'
  readonly canGoBack: boolean
}

/** What the mini program needs of WeChat and the phone. The phone sets it as `window.miniProgramHost` before it creates the frame. */
export interface MiniProgramHost {
  readonly person: string
  readonly launch: LaunchOptions
  readonly settings: () => PhoneSettings
  /** Gets a js_code for `wx.login`. Rejects if the phone is offline or the server refuses. */
  jsCode (): Promise<string>
  /**
   * Opens the scanner, with the mini program in the background meanwhile. Resolves with the code's text, or undefined if the person goes back.
   * With `onlyFromCamera` it takes no picture files.
   */
  scanCode (options: { readonly onlyFromCamera: boolean }): Promise<string | undefined>
  drawBar (bar: NavigationBar): void
  /** A modal dialog opened or closed: its shade covers the phone's bars, too. */
  setShade? (isShown: boolean): void
  /** Where a call is sent to; to its own address by default. */
  routed? (url: URL): URL
  /** The text of an answer in the phone's language; unchanged by default. */
  translated? (answer: string): string
  /** Closes the mini program, which stays warm in the background. */
  exit (): void
  /** Starts it anew, cold, with the last launch options. */
  restart (): void
  /** Called once, when the first page is open. */
  started (running: RunningMiniProgram): void
}

/** What the phone calls on a running mini program. */
export interface RunningMiniProgram {
  /** Brings it to the foreground. A warm launch (`launch`) closes all pages and opens the given one. */
  show (launch?: LaunchOptions): void
  /** Sends it to the background; 5 s later its JavaScript is suspended. */
  hide (): void
  /** Handles a tap on the bar's back arrow. */
  back (): void
  /** Applies what `settings()` returns now. */
  settingsChanged (): void
}
