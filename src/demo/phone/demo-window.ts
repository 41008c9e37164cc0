/** The demo's window: the login page left, any number of phones right. */
import { element, fillWords, onTap, part } from './elements.ts'
import { demoWordsFor, isChinese, languageOf } from './words.ts'

const language = languageOf(location.search)
const words = demoWordsFor(language)
const phones = part('#phones')
const login = part<HTMLIFrameElement>('iframe[data-login]')

/** The first phones have people of their own, the later ones a number after the name. */
const personAt = (at: number): string => {
  const name = words.people[at % words.people.length] ?? ''
  return at < words.people.length ? name : `${name} ${Math.floor(at / words.people.length) + 1}`
}

const addPhone = (): void => {
  const person = personAt(phones.children.length)
  const address = `demo/phone?${new URLSearchParams({ person, lang: language })}`
  phones.append(element('iframe', { class: 'phone-frame', src: address, title: words.phoneOf(person) }))
}

document.documentElement.lang = isChinese(language) ? 'zh-CN' : 'en'
document.title = words.title
fillWords(words)
login.title = words.website
onTap('#start-over', () => {
  // A page that is merely left keeps its ticket for a reload to find; an element that is taken away gives it up.
  login.contentDocument?.querySelector('scan-login')?.remove()
  login.src = 'login'
})
onTap('#add-phone', () => {
  addPhone()
  phones.lastElementChild?.scrollIntoView({ behavior: 'smooth', block: 'nearest', inline: 'nearest' })
})
addPhone()
