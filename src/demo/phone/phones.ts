/** The phones in the demo's window. Each is a person. */
import { element } from './elements.ts'
import type { DemoWords } from './words.ts'

export interface DemoPhone {
  readonly person: string
  readonly frame: HTMLIFrameElement
}

export interface Phones {
  /** The phone with this number, which is added if there is none yet. */
  at (index: number): DemoPhone
  add (): DemoPhone
  /** Puts a single new phone in place of all. A `near` one is in a place of its own, in a chat with a stranger. */
  replace (options: { readonly isNear: boolean }): DemoPhone
  /** Scrolls to a phone, where not all of them are in view. */
  show (phone: DemoPhone): void
}

export const createPhones = (container: HTMLElement, words: DemoWords, language: string): Phones => {
  let all: DemoPhone[] = []

  /** Names repeat with a number: Alex, …, Alex 2. */
  const personAt = (index: number): string => {
    const name = words.people[index % words.people.length] ?? ''
    return index < words.people.length ? name : `${name} ${Math.floor(index / words.people.length) + 1}`
  }
  const add = (isNear = false): DemoPhone => {
    const person = personAt(all.length)
    const address = `demo/phone?${new URLSearchParams({ person, lang: language, ...(isNear && { near: '' }) })}`
    const slot = element('div', { class: isNear ? 'phone-slot warned' : 'phone-slot' })
    const frame = element('iframe', { class: 'phone-frame', src: address, title: words.phoneOf(person) })
    slot.append(frame)
    container.append(slot)
    const phone = { person, frame }
    all.push(phone)
    return phone
  }

  return {
    add: () => add(),
    at: (index) => {
      while (all.length <= index) add()
      return all[index]! // added just now
    },
    replace: ({ isNear }) => {
      container.replaceChildren()
      all = []
      return add(isNear)
    },
    show: ({ frame }) => frame.parentElement?.scrollIntoView({ behavior: 'smooth', block: 'nearest', inline: 'nearest' }),
  }
}
