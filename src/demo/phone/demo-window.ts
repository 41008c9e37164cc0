/** The demo's window: the website beside any number of phones, and the steps of the login above them. */
import { element, fillWords, onTap, part } from './elements.ts'
import { fitToWindow } from './fit.ts'
import { createPhones } from './phones.ts'
import { createSiteFrame } from './site-frame.ts'
import type { LoginState } from './site-frame.ts'
import { createRegistrationChoice } from './registration.ts'
import { createTries, farPath } from './tries.ts'
import type { Tries } from './tries.ts'
import { demoWordsFor, htmlLanguageOf, languageOf } from './words.ts'

const language = languageOf(location.search)
const words = demoWordsFor(language)
const login = part<HTMLIFrameElement>('iframe[data-login]')

const drawAddress = ({ host, pathname }: URL): void => {
  part('#address').replaceChildren(element('span', { class: 'host' }, host), pathname.replace(farPath, '/'))
}

const steps = ['#step-scan', '#step-number', '#step-done']
/** How many steps are done. */
const stepsDone: Record<LoginState, number> = { waiting: 0, scanned: 1, confirmed: 2, 'logged-in': 3 }

const drawSteps = (state: LoginState): void => {
  for (const [index, step] of steps.entries()) {
    const isDone = index < stepsDone[state]
    part(step).classList.toggle('done', isDone)
    part(`${step} .visually-hidden`).textContent = isDone ? words.stepIsDone : ''
    if (index === stepsDone[state]) part(step).setAttribute('aria-current', 'step')
    else part(step).removeAttribute('aria-current')
  }
}

document.documentElement.lang = htmlLanguageOf(language)
document.title = words.title
fillWords(words)
login.title = words.website
/** Nothing until there are phones. */
let drawNote: Tries['siteChanged'] = () => {}
const site = createSiteFrame({
  frame: login,
  siteName: words.siteName,
  onChange: (address, state) => {
    drawAddress(address)
    drawSteps(state)
    drawNote(state)
  },
})
const phones = createPhones(part('#phones'), words, language)
const registration = createRegistrationChoice(() => drawNote(site.state()))
const tries = createTries({ site, phones, words, registration, language })
onTap('#start-over', tries.stop)
onTap('#add-phone', () => phones.show(phones.add()))
onTap('#second-phone', tries.secondPhone)
onTap('#phishing', tries.phishing)
onTap('#sites', tries.sites)
part('#sites').hidden = !Number(document.documentElement.dataset.sites)
phones.add()
drawNote = tries.siteChanged
drawNote(site.state())
fitToWindow(part('#phones'), part('#site'))
