/** The demo's window: the login page on the left, any number of phones on the right. */
import { element, fillWords, onTap, part } from './elements.ts'
import { demoWordsFor, isChinese, languageOf } from './words.ts'

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
  phones.append(element('iframe', { class: 'phone-frame', src: address, title: words.phoneOf(person) }))
}

document.documentElement.lang = isChinese(language) ? 'zh-CN' : 'en'
document.title = words.title
fillWords(words)
login.title = words.website
onTap('#start-over', () => {
  // Removing the element cancels its ticket; merely leaving the page saves the ticket for a reload.
  login.contentDocument?.querySelector('scan-login')?.remove()
  login.src = 'login?prompt=login' // without a prompt it would go on as the person who has just logged in
})
onTap('#add-phone', () => {
  addPhone()
  phones.lastElementChild?.scrollIntoView({ behavior: 'smooth', block: 'nearest', inline: 'nearest' })
})
addPhone()
