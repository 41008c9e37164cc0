/** Owns how the simulated phone draws the home page: the same screen that the mini program's template draws. */
import type { HomeScreen } from '../../../miniprogram/pages/index/screen'
import type { Words } from '../../../miniprogram/utils/words'
import { button, element } from './elements'

export interface HomeTaps {
  readonly scan: () => void
  readonly ask: (sessionId: string | undefined) => void
  readonly signOut: () => void
  readonly typed: (name: string) => void
  readonly save: () => void
}

export const drawHome = (screen: HomeScreen, words: Words, taps: HomeTaps): HTMLElement =>
  element('div', { class: 'sheet' },
    element('header', { class: 'me' },
      element('span', { class: 'avatar', 'aria-hidden': 'true' }, screen.initial),
      element('div', { class: 'me-text' },
        element('h1', { class: 'me-name' }, screen.name),
        element('p', { class: 'small' }, screen.id))),
    ...(screen.failure === '' ? [] : [element('p', { class: 'warning', role: 'alert' }, screen.failure)]),
    button(words.scan, { key: 'scan', class: 'button button--strong' }, taps.scan),
    element('p', { class: 'small hint' }, words.scanHelp),
    element('h2', { class: 'small section' }, words.browsers),
    element('ul', { class: 'card' },
      ...screen.browsers.map((browser) => drawBrowser(browser, screen, words, taps)),
      ...(screen.empty === '' ? [] : [element('li', { class: 'browser small' }, screen.empty)])),
    element('h2', { class: 'small section', id: 'name-label' }, words.nameLabel),
    drawName(screen, words, taps),
    element('p', { class: 'small hint', role: 'status' }, screen.saved))

const drawBrowser = (browser: HomeScreen['browsers'][number], screen: HomeScreen, words: Words, taps: HomeTaps): HTMLElement =>
  element('li', { class: 'browser' },
    element('div', { class: 'browser-text' },
      element('p', {}, browser.title),
      element('p', { class: 'small' }, browser.detail)),
    ...(browser.asking
      ? [element('div', { class: 'sure' },
          button(words.keep, { key: `ask-${browser.id}`, class: 'small-button', disabled: screen.busy }, () => taps.ask(undefined)),
          button(words.signOutSure, { key: `sure-${browser.id}`, class: 'small-button button--strong', disabled: screen.busy }, taps.signOut))]
      : [button(words.signOut, { key: `ask-${browser.id}`, class: 'small-button', label: `${words.signOut} ${browser.title}` }, () => taps.ask(browser.id))]))

const drawName = (screen: HomeScreen, words: Words, taps: HomeTaps): HTMLElement => {
  const input = element('input', {
    class: 'name-input',
    'data-key': 'name',
    type: 'text',
    maxlength: '32',
    autocomplete: 'off',
    value: screen.input,
    placeholder: words.namePlaceholder,
    'aria-labelledby': 'name-label',
  })
  input.addEventListener('input', () => taps.typed(input.value))
  input.addEventListener('keydown', (event) => { if (event.key === 'Enter' && !event.isComposing) taps.save() })
  return element('div', { class: 'card name' }, input,
    button(words.save, { key: 'save', class: 'small-button', disabled: screen.busy || !screen.known }, taps.save))
}
