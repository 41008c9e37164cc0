/** The demo's window: the login page left, any number of phones right. */
import { button, element } from './elements'
import { demoWordsFor, languageOf } from './words'

const part = <Kind extends HTMLElement>(selector: string): Kind => {
  const found = document.querySelector<Kind>(selector)
  if (found === null) throw new Error(`demo.html has no ${selector}`)
  return found
}

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

document.documentElement.lang = words === demoWordsFor('zh') ? 'zh-CN' : 'en'
document.title = words.title
part('#title').textContent = words.title
part('#lead').textContent = words.lead
part('#website').textContent = words.website
login.title = words.website
part('#tools').append(
  button(words.startOver, { key: 'start-over' }, () => { login.src = 'login' }),
  button(words.addPhone, { key: 'add-phone' }, () => {
    addPhone()
    phones.lastElementChild?.scrollIntoView({ behavior: 'smooth', block: 'nearest', inline: 'nearest' })
  }),
)
addPhone()
