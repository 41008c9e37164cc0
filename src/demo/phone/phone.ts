/** The simulated phone: connects its buttons, screens and settings with the real mini program in its frame. */
import type { LaunchOptions } from '../runtime/host.ts'
import { siteName } from '../site-name.ts'
import { adjacentLoginPage, photograph } from './camera.ts'
import { launchOf } from './code.ts'
import { fillWords, onTap, part } from './elements.ts'
import { askJsCode } from './js-code.ts'
import { createMiniProgram } from './mini-program.ts'
import './phone-control.ts'
import { createQuickSettings } from './quick-settings.ts'
import { createScanner } from './scanner.ts'
import { createScreens } from './screens.ts'
import { createSheets } from './sheets.ts'
import { demoWordsFor, htmlLanguageOf, languageOf, wechatLanguageOf } from './words.ts'

/** WeChat's scene values: how a mini program was opened. */
const scenes = { code: 1047, picture: 1049, recent: 1089 }
const homePage: LaunchOptions = { path: 'pages/index/index', query: {}, scene: scenes.recent }

const query = new URLSearchParams(location.search)
const language = languageOf(location.search)
const words = demoWordsFor(language)
const person = query.get('person')?.slice(0, 32) || words.people[0] || 'Alex'

const settings = createQuickSettings(wechatLanguageOf(language), () => {
  drawStatus()
  miniProgram.settingsChanged()
})
const sheets = createSheets()
const scanner = createScanner(words)
const screens = createScreens(() => {
  sheets.close()
  miniProgram.setShown(screens.shown() === 'mini-program')
})
const miniProgram = createMiniProgram(words.miniProgram, {
  person,
  settings,
  jsCode: () => askJsCode(person, settings().online),
  scanCode: ({ onlyFromCamera }) => scanForMiniProgram(onlyFromCamera),
  routed: (url) => query.has('near') ? asFromNear(url) : url,
  translated: (answer) => answer.replaceAll(siteName, words.siteName),
  exit: () => { if (screens.shown() === 'mini-program') screens.show('wechat') },
})

/** The same call, as if the phone weren't at this computer's address. */
const asFromNear = (url: URL): URL => {
  const service = new URL('..', location.href).href
  return new URL(`from/near/${url.href.slice(service.length)}`, location.href)
}

/** WeChat's own "Scan": accepts codes of the mini program only. */
const scan = async (until?: Promise<void>): Promise<void> => {
  part('#scan').classList.remove('scan--new')
  screens.show('camera')
  const launch = await scanner.scan(({ text, isInFile }) => launchOf(text, isInFile ? scenes.picture : scenes.code))
  if (launch === undefined) return screens.show('wechat')
  await until
  open(launch)
}

const open = (launch: LaunchOptions): void => {
  miniProgram.launch(launch)
  screens.show('mini-program')
}

/** `wx.scanCode`: gives the mini program the text of any code. */
const scanForMiniProgram = async (onlyFromCamera: boolean): Promise<string | undefined> => {
  if (screens.shown() !== 'mini-program') return undefined // in the background it may not open the camera
  screens.show('camera')
  const text = await scanner.scan((found) => found.text, { onlyFromCamera })
  screens.show('mini-program')
  return text
}

const drawStatus = (): void => {
  const { online, clockOffsetMs, fontSizePx, theme } = settings()
  const { dataset } = part('#phone')
  dataset.network = online ? 'on' : 'off'
  dataset.theme = theme
  dataset.text = fontSizePx > 16 ? 'large' : 'normal'
  part('#clock').textContent = new Date(Date.now() + clockOffsetMs).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })
}

document.documentElement.lang = htmlLanguageOf(language)
document.title = words.phoneOf(person)
part('#owner').textContent = words.phoneOf(person)
fillWords(words)

onTap('#home-line', screens.leaveWechat)
onTap('#wechat-icon', screens.enterWechat)
const startScan = (until?: Promise<void>): void => { scan(until).catch((reason: unknown) => console.error(reason)) }
onTap('#scan', () => startScan())
onTap('#recent', () => {
  miniProgram.resume(homePage)
  screens.show('mini-program')
})
onTap('#bar-back', miniProgram.back)
onTap('#chat-back', () => screens.show('wechat'))
onTap('#close', () => screens.show('wechat'))
onTap('#reenter', () => {
  sheets.close()
  miniProgram.restart()
})
onTap('#menu-cancel', sheets.close)
sheets.bind('#status', '#quick-settings')
sheets.bind('#more', '#menu')

/** The chat's picture stays as it was sent, whatever the website shows later. */
const receivePicture = (): void => {
  const page = adjacentLoginPage()
  const photo = page === undefined ? undefined : photograph(page)
  const launch = photo?.text === undefined ? undefined : launchOf(photo.text, scenes.picture)
  if (photo === undefined || launch === undefined) return
  part('#chat-picture').replaceChildren(photo.canvas)
  part<HTMLButtonElement>('#recognise').disabled = false
  part('#recognise').onclick = () => open(launch)
}
if (query.has('near')) screens.show('chat')
window.demoPhone = {
  scan: (until) => {
    screens.enterWechat()
    startScan(until)
  },
  receivePicture,
}
drawStatus()
setInterval(drawStatus, 1_000)
