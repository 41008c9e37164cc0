/** The demo's window: the website beside any number of phones, and the steps of the login above them. */
import { element, fillWords, onTap, part } from './elements.ts'
import { fitToWindow } from './fit.ts'
import { createSiteFrame } from './site-frame.ts'
import type { LoginState } from './site-frame.ts'
import { demoWordsFor, htmlLanguageOf, languageOf } from './words.ts'

const language = languageOf(location.search)
const words = demoWordsFor(language)
const phones = part('#phones')
const login = part<HTMLIFrameElement>('iframe[data-login]')

/** Names repeat with a number: Alex, …, Alex 2. */
const personAt = (index: number): string => {
  const name = words.people[index % words.people.length] ?? ''
  return index < words.people.length ? name : `${name} ${Math.floor(index / words.people.length) + 1}`
}

const addPhone = (): void => {
  const person = personAt(phones.children.length)
  const address = `demo/phone?${new URLSearchParams({ person, lang: language })}`
  const slot = element('div', { class: 'phone-slot' })
  slot.append(element('iframe', { class: 'phone-frame', src: address, title: words.phoneOf(person) }))
  phones.append(slot)
}

const drawAddress = ({ host, pathname }: URL): void => {
  part('#address').replaceChildren(element('span', { class: 'host' }, host), pathname)
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

/** Only a changed text is written: screen readers read it out. */
const drawNote = (text: string): void => {
  const note = part('#note')
  if (note.textContent !== text) note.textContent = text
}

document.documentElement.lang = htmlLanguageOf(language)
document.title = words.title
fillWords(words)
login.title = words.website
const site = createSiteFrame({
  frame: login,
  onChange: (address, state) => {
    drawAddress(address)
    drawSteps(state)
    drawNote(words.lead[state])
  },
})
// Without a prompt it would go on as the person who has just logged in.
onTap('#start-over', () => site.open('login?prompt=login'))
onTap('#add-phone', () => {
  addPhone()
  phones.lastElementChild?.scrollIntoView({ behavior: 'smooth', block: 'nearest', inline: 'nearest' })
})
addPhone()
fitToWindow(phones, part('#site'))
