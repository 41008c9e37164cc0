/** Starts the compiled mini program in this frame, and hands the phone what it needs to run it. */
import { createAnswer } from './answer.ts'
import { createApp } from './app.ts'
import { defineBuiltIns } from './built-ins.ts'
import { installClock } from './clock.ts'
import { createDialogs } from './dialogs.ts'
import { createFailures } from './failures.ts'
import { createFramework } from './framework.ts'
import type { MiniProgramHost } from './host.ts'
import { createPages } from './pages.ts'
import { loadCode } from './project.ts'
import { createRequests } from './request.ts'
import { createRunning } from './running.ts'
import { createStorage } from './storage.ts'
import { createSuspension } from './suspension.ts'
import { createWx, offlineWords } from './wx.ts'

const defaultTimeoutMs = 60_000

const start = async (host: MiniProgramHost, { guard, report }: ReturnType<typeof createFailures>): Promise<void> => {
  installClock(() => host.settings().clockOffsetMs)
  const code = await loadCode(new URL('.', import.meta.url).href)
  const { project } = code
  const framework = createFramework(code.templates, report)
  defineBuiltIns(framework)

  const suspension = createSuspension(() => requests.cut('interrupted'), guard)
  const { deliver } = suspension
  const requests = createRequests({
    deliver,
    refusal: () => suspension.suspended() ? 'interrupted' : host.settings().online ? undefined : offlineWords,
    timeoutMs: project.app.networkTimeout?.request ?? defaultTimeoutMs,
  })
  const app = createApp(host.launch, guard)
  const styles = new Map<string, (on: boolean) => void>()
  const pages = createPages({ code, framework, host, styles, guard })
  const dialogs = createDialogs(element('toast'), () => host.settings().language)
  const storage = createStorage(host.person)
  const wx = createWx({ host, project, answer: createAnswer(deliver), app, pages, requests, storage, dialogs, tapping: framework.tapping })
  Object.assign(window, { wx, App: app.App, getApp: app.getApp, getCurrentPages: pages.getCurrentPages })

  document.body.classList.toggle('style-v2', project.app.style === 'v2')
  await Promise.all(project.modules.map(async (path) => styles.set(path, await code.style(path))))
  await code.run('app')
  // One at a time: Page and Component are globals that know whose script they are in.
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
