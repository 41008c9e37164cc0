/** The entry point of the mini program's frame: starts the compiled mini program and gives the phone control of it. */
import { createApp } from './app.ts'
import { defineBuiltIns } from './built-ins.ts'
import { installClock } from './clock.ts'
import { createDialogs } from './dialogs.ts'
import { createFailures } from './failures.ts'
import { createFramework } from './framework.ts'
import type { MiniProgramHost } from './host.ts'
import { createPages } from './pages.ts'
import { loadMiniProgram } from './project.ts'
import { createRequests } from './request.ts'
import { createRunning } from './running.ts'
import { createStorage } from './storage.ts'
import { createSuspension } from './suspension.ts'
import { createWx, offlineError } from './wx.ts'
import { createMethodFactory } from './wx-method.ts'

const defaultTimeoutMs = 60_000

const start = async (host: MiniProgramHost, { guard, report }: ReturnType<typeof createFailures>): Promise<void> => {
  installClock(() => host.settings().clockOffsetMs)
  const code = await loadMiniProgram(new URL('.', import.meta.url).href)
  const { project } = code
  const framework = createFramework(code.templates, report)
  defineBuiltIns(framework)

  const suspension = createSuspension(() => requests.abortAll('interrupted'), guard)
  const { deliver } = suspension
  const requests = createRequests({
    deliver,
    routed: (url) => host.routed?.(url) ?? url,
    translated: (answer) => host.translated?.(answer) ?? answer,
    blockedReason: () => suspension.isSuspended() ? 'interrupted' : host.settings().online ? undefined : offlineError,
    timeoutMs: project.app.networkTimeout?.request ?? defaultTimeoutMs,
  })
  const app = createApp(host.launch, guard)
  const styles = new Map<string, (isOn: boolean) => void>()
  const pages = createPages({ code, framework, host, styles, guard })
  const dialogs = createDialogs({
    toast: element('toast'),
    language: () => host.settings().language,
    setShade: (isShown) => host.setShade?.(isShown),
  })
  const storage = createStorage(host.person)
  const wx = createWx({ host, project, method: createMethodFactory(deliver), app, pages, requests, storage, dialogs, isHandlingTap: framework.isHandlingTap })
  Object.assign(window, { wx, App: app.App, getApp: app.getApp, getCurrentPages: pages.getCurrentPages })

  document.body.classList.toggle('style-v2', project.app.style === 'v2')
  await Promise.all(project.modules.map(async (path) => styles.set(path, await code.loadStyle(path))))
  await code.run('app')
  // One at a time: the globals Page and Component belong to the module whose script runs.
  for (const [index, path] of project.modules.entries()) {
    const isPage = project.app.pages.includes(path)
    if (!isPage) styles.get(path)?.(true)
    Object.assign(window, framework.register(path, project.configs[path] ?? {}, isPage ? undefined : `c${index}`))
    await code.run(path)
  }

  const running = createRunning({ app, pages, dialogs, requests, suspension, settings: host.settings, report })
  app.launch()
  app.show()
  await pages.enter(host.launch)
  host.started(running)
}

const element = (id: string): HTMLElement => {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`app.html has no #${id}`)
  return found
}

const failures = createFailures(element('failure'))
const { miniProgramHost } = window.parent as Window & { miniProgramHost?: MiniProgramHost }
if (miniProgramHost === undefined) failures.report(new Error('There is no phone around this frame'))
else start(miniProgramHost, failures).catch(failures.report)
