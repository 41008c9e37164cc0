/** Owns how the simulated phone draws the login page: the same screen that the mini program's template draws. */
import type { ActionName, Screen } from '../../../miniprogram/pages/login/screen'
import { button, element } from './elements'

export interface LoginTaps {
  readonly confirm: (number: string | null) => void
  readonly notMe: () => void
  readonly action: (name: ActionName) => void
}

export const drawLogin = (screen: Screen, taps: LoginTaps): HTMLElement => {
  const content = screen.title === '' ? endOf(screen, taps) : askingOf(screen, taps)
  return element('div', { class: 'sheet login', 'data-kind': screen.kind }, ...content)
}

const askingOf = (screen: Screen, taps: LoginTaps): readonly HTMLElement[] => [
  element('header', { class: 'head' },
    element('h1', { class: 'title' }, screen.title),
    element('p', { class: 'origin' }, screen.origin)),
  element('dl', { class: 'card' }, ...screen.rows.map(({ label, value }) =>
    element('div', { class: 'row' }, element('dt', {}, label), element('dd', {}, value)))),
  ...(screen.warning === '' ? [] : [element('p', { class: 'warning', role: 'alert' }, screen.warning)]),
  element('div', { class: 'ask' },
    element('p', { class: 'ask-line', role: 'status' }, screen.ask),
    element('p', { class: 'small' }, screen.askHelp)),
  ...(screen.numbers.length === 0
    ? []
    : [element('div', { class: 'numbers' }, ...screen.numbers.map(({ value, chosen }) => button(value, {
        key: `number-${value}`,
        class: chosen ? 'button number number--chosen' : 'button number',
        disabled: screen.busy,
      }, () => taps.confirm(value))))]),
  ...(screen.confirm === ''
    ? []
    : [button(screen.confirm, { key: 'confirm', class: 'button button--strong button--tall', disabled: screen.busy }, () => taps.confirm(null))]),
  button(screen.refuse, { key: 'not-me', class: 'button button--tall', disabled: screen.busy }, taps.notMe),
]

const endOf = (screen: Screen, taps: LoginTaps): readonly HTMLElement[] => [
  element('div', { class: 'end' },
    element('div', { class: `mark mark--${screen.mark}`, 'aria-hidden': 'true' }),
    element('h1', { class: 'end-line', role: 'status' }, screen.line),
    ...(screen.origin === '' ? [] : [element('p', { class: 'origin' }, screen.origin)]),
    element('p', { class: 'small' }, screen.help)),
  element('div', { class: 'actions' }, ...screen.actions.map(({ name, label }, at) =>
    button(label, { key: name, class: at === 0 ? 'button button--strong' : 'button' }, () => taps.action(name)))),
]
