/** The running mini program, as the phone controls it: foreground, background, back, changed settings. */
import type { AppLifecycle } from './app.ts'
import type { Dialogs } from './dialogs.ts'
import type { PhoneSettings, RunningMiniProgram } from './host.ts'
import type { Pages } from './pages.ts'
import type { Requests } from './request.ts'
import type { Suspension } from './suspension.ts'
import { offlineError } from './wx.ts'

export interface RunningOptions {
  readonly app: AppLifecycle
  readonly pages: Pages
  readonly dialogs: Dialogs
  readonly requests: Requests
  readonly suspension: Suspension
  readonly settings: () => PhoneSettings
  report (error: unknown): void
}

export const createRunning = ({ app, pages, dialogs, requests, suspension, settings, report }: RunningOptions): RunningMiniProgram => {
  let isInBackground = false
  applySettings(settings())

  return {
    show: (launch) => {
      if (!isInBackground && launch === undefined) return
      isInBackground = false
      suspension.foreground()
      app.show(launch)
      if (launch === undefined) return pages.show()
      dialogs.clear()
      pages.enter(launch).catch(report)
    },
    hide: () => {
      if (isInBackground) return
      isInBackground = true
      pages.hide()
      app.hide()
      suspension.background()
    },
    // The first page has no arrow: a late tap does nothing.
    back: () => { pages.navigateBack(1).catch(() => {}) },
    settingsChanged: () => {
      applySettings(settings())
      if (!settings().online) requests.abortAll(offlineError)
      pages.drawBar()
    },
  }
}

const applySettings = ({ fontSizePx, language }: PhoneSettings): void => {
  const root = document.documentElement
  root.style.setProperty('--system-font-size', `${fontSizePx}px`)
  root.lang = language.replace('_', '-')
}
