/** Owns what the phone does with a mini program that runs: foreground, background, back, and changed settings. */
import type { AppLife } from './app.ts'
import type { Dialogs } from './dialogs.ts'
import type { PhoneSettings, RunningMiniProgram } from './host.ts'
import type { Pages } from './pages.ts'
import type { Requests } from './request.ts'
import type { Suspension } from './suspension.ts'
import { offlineWords } from './wx.ts'

export interface RunningOptions {
  readonly app: AppLife
  readonly pages: Pages
  readonly dialogs: Dialogs
  readonly requests: Requests
  readonly suspension: Suspension
  readonly settings: () => PhoneSettings
  report (error: unknown): void
}

export const createRunning = ({ app, pages, dialogs, requests, suspension, settings, report }: RunningOptions): RunningMiniProgram => {
  let inBackground = false
  applySettings(settings())

  return {
    show: (launch) => {
      if (!inBackground && launch === undefined) return
      inBackground = false
      suspension.foreground()
      app.show(launch)
      if (launch === undefined) return pages.show()
      dialogs.clear()
      pages.enter(launch).catch(report)
    },
    hide: () => {
      if (inBackground) return
      inBackground = true
      pages.hide()
      app.hide()
      suspension.background()
    },
    // At the first page there is no arrow; a tap that comes too late does nothing.
    back: () => { pages.navigateBack(1).catch(() => {}) },
    settingsChanged: () => {
      applySettings(settings())
      if (!settings().online) requests.cut(offlineWords)
      pages.drawBar()
    },
  }
}

const applySettings = ({ fontSizePx, language }: PhoneSettings): void => {
  const root = document.documentElement
  root.style.setProperty('--system-font-size', `${fontSizePx}px`)
  root.lang = language.replace('_', '-')
}
