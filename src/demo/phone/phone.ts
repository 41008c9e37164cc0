/** The simulated phone: which of its pages is open, and what a tap leads to. What may happen is the mini program's own logic. */
import { createHome } from '../../../miniprogram/pages/index/home'
import { homeScreenOf } from '../../../miniprogram/pages/index/screen'
import { createApproval } from '../../../miniprogram/pages/login/approval'
import type { Approval } from '../../../miniprogram/pages/login/approval'
import { screenOf } from '../../../miniprogram/pages/login/screen'
import type { ActionName } from '../../../miniprogram/pages/login/screen'
import { ticketFromPath } from '../../../miniprogram/utils/scene'
import { createService } from '../../../miniprogram/utils/service'
import { wordsFor } from '../../../miniprogram/utils/words'
import { loginPageBeside, lookAt, lookAtFile } from './camera'
import type { Sight } from './camera'
import { drawCamera } from './camera-page'
import { redraw } from './elements'
import { drawHome } from './home-page'
import { drawLogin } from './login-page'
import { browserPlatform } from './platform'
import { demoWordsFor, languageOf } from './words'

const shutterMs = 450 // long enough for an eye to see what the camera saw

const part = (id: string): HTMLElement => {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`phone.html has no #${id}`)
  return found
}

const language = languageOf(location.search)
const words = wordsFor(language)
const demoWords = demoWordsFor(language)
const person = new URLSearchParams(location.search).get('person')?.slice(0, 32) || demoWords.people[0] || 'Alex'
const serviceUrl = new URL('..', location.href).href.replace(/\/$/, '')
const service = createService(browserPlatform(person, new URL('js-code', location.href).href), serviceUrl)

const screen = part('screen')
let page: 'home' | 'camera' | 'login' = 'home'
let approval: Approval | undefined
let typed: string | undefined

const home = createHome(service, () => { if (page === 'home') showHome() })

const title = (text: string): void => {
  part('page-title').textContent = text
}

const showHome = (): void => {
  const shown = homeScreenOf(home.view(), words, service.serverNow())
  if (shown.saved !== '') typed = undefined
  redraw(screen, drawHome({ ...shown, input: typed ?? shown.input }, words, {
    scan: () => { scan() },
    ask: home.ask,
    signOut: () => { home.signOut().catch(report) },
    typed: (name) => { typed = name },
    save: () => { home.rename(typed ?? shown.input).catch(report) },
  }))
}

const openHome = (): void => {
  page = 'home'
  approval = undefined
  title(words.homeTitle)
  showHome()
  home.read().catch(report)
}

const openLogin = (ticket: string): void => {
  page = 'login'
  title(words.pageTitle)
  const current = createApproval(service, ticket, () => { if (approval === current) showLogin(current) })
  approval = current
  showLogin(current)
  current.read().catch(report)
}

const showLogin = (current: Approval): void => redraw(screen, drawLogin(screenOf(current.view(), words, service.serverNow()), {
  confirm: (number) => { current.confirm(number).catch(report) },
  notMe: () => { current.cancel().catch(report) },
  action: (name) => act(name, current),
}))

const act = (name: ActionName, current: Approval): void => {
  switch (name) {
    case 'retry':
      current.read().catch(report)
      return
    case 'scan': return scan()
    case 'close': case 'home': return openHome()
  }
}

const scan = (): void => {
  page = 'camera'
  approval = undefined
  title(words.scan)
  const beside = loginPageBeside()
  if (beside === undefined) return showCamera(undefined, demoWords.alone)
  take(lookAt(beside), demoWords.noCode)
}

const showCamera = (sight: Sight | undefined, line: string, following = false): void => redraw(screen, drawCamera(sight?.canvas, line, demoWords, {
  again: following || loginPageBeside() === undefined ? undefined : scan,
  picture: following ? undefined : takeFile,
  back: openHome,
}))

const takeFile = (file: Blob): void => {
  lookAtFile(file).then((seen) => { if (page === 'camera') take(seen, demoWords.noPicture) }).catch(report)
}

/** Shows what the camera saw and follows the code in it. */
const take = (sight: Sight | undefined, nothing: string): void => {
  if (sight === undefined) return showCamera(undefined, nothing)
  if (sight.text === undefined) return showCamera(sight, demoWords.noCode)
  const ticket = ticketFromPath(sight.text)
  if (ticket === undefined) return showCamera(sight, words.notOurs)
  showCamera(sight, demoWords.looking, true)
  setTimeout(() => { if (page === 'camera') openLogin(ticket) }, shutterMs)
}

const report = (reason: unknown): void => console.error(reason)

const showTime = (): void => {
  part('clock').textContent = new Date().toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })
}

document.documentElement.lang = words === wordsFor('zh') ? 'zh-CN' : 'en'
document.title = demoWords.phoneOf(person)
part('owner').textContent = demoWords.phoneOf(person)
part('close').setAttribute('aria-label', demoWords.closePage)
part('close').addEventListener('click', openHome)
document.addEventListener('paste', (event) => {
  const file = Array.from(event.clipboardData?.files ?? []).find(({ type }) => type.startsWith('image/'))
  if (file !== undefined && page === 'camera') takeFile(file)
})
// As the mini program's pages do on show: look again at what may have changed meanwhile.
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState !== 'visible') return
  if (page === 'home') home.read().catch(report)
  approval?.read().catch(report)
})
setInterval(() => {
  showTime()
  approval?.tick()
}, 5_000)
showTime()
openHome()
