/** What the phone and the mini program in its frame are to each other. Types only: either side is written against them. */

/** How a mini program was opened. */
export interface LaunchOptions {
  /** `pages/login/login`. */
  readonly path: string
  /** As it stood in the code: values are still percent-encoded. */
  readonly query: Readonly<Record<string, string>>
  /** WeChat's number for the way in: 1047 is a scanned code, 1049 one in a picture, 1089 the list of mini programs. */
  readonly scene: number
}

/** What can be set on the phone. */
export interface PhoneSettings {
  readonly online: boolean
  /** How far the phone's clock is off. */
  readonly clockOffsetMs: number
  /** WeChat's font size; 16 is the usual one. */
  readonly fontSizePx: number
  readonly theme: 'light' | 'dark'
  /** `zh_CN` or `en`, as WeChat names them. */
  readonly language: string
}

export interface NavigationBar {
  readonly title: string
  readonly background: string
  readonly text: 'black' | 'white'
  readonly canGoBack: boolean
}

/** What WeChat and the phone do for a mini program. The phone sets it as `window.miniProgramHost` before it opens the frame. */
export interface MiniProgramHost {
  readonly person: string
  readonly launch: LaunchOptions
  readonly settings: () => PhoneSettings
  /** What `wx.login` gives. Rejects where there is none to be had. */
  jsCode (): Promise<string>
  /**
   * Opens the scanner, with the mini program in the background meanwhile: the text of the code, undefined where the person went back.
   * With `onlyFromCamera` it takes no picture.
   */
  scanCode (options: { readonly onlyFromCamera: boolean }): Promise<string | undefined>
  drawBar (bar: NavigationBar): void
  /** The mini program leaves; it stays warm in the background. */
  exit (): void
  /** Starts it anew, cold, the way it was opened last. */
  restart (): void
  /** To be called once the first page is there. */
  started (running: RunningMiniProgram): void
}

/** What the phone does with a mini program that runs. */
export interface RunningMiniProgram {
  /** To the foreground. With options (a code was scanned while it was warm) all pages are closed and that one is opened. */
  show (launch?: LaunchOptions): void
  /** To the background; 5 s later its JavaScript is suspended. */
  hide (): void
  /** The bar's back arrow was tapped. */
  back (): void
  /** `settings()` says something else now. */
  settingsChanged (): void
}
