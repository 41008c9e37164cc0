/** What the demo's window can have a phone do, as `window.demoPhone` of the phone's page. */

export interface PhoneControl {
  /** Scans the website's code; what the camera has found is opened after `until`. */
  scan (until?: Promise<void>): void
  /** Shows a chat in which somebody has sent a picture of the website's code. */
  receivePicture (): void
}

declare global {
  interface Window {
    demoPhone?: PhoneControl
  }
}

/** Waits until the phone in a frame is ready. */
export const controlOf = async (frame: HTMLIFrameElement): Promise<PhoneControl> => {
  for (;;) {
    const control = frame.contentWindow?.demoPhone
    if (control !== undefined) return control
    await new Promise((resolve) => { frame.addEventListener('load', resolve, { once: true }) })
  }
}
