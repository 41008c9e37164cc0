/** Owns the simulated phone's scanner as it looks: what is in view, what was made of it, and the way to hand it a picture instead. */
import { button, element } from './elements'
import type { DemoWords } from './words'

export interface CameraTaps {
  /** Undefined where there is no page to look at. */
  readonly again: (() => void) | undefined
  /** Undefined while a code is being followed. */
  readonly picture: ((file: Blob) => void) | undefined
  readonly back: () => void
}

export const drawCamera = (seen: HTMLCanvasElement | undefined, line: string, words: DemoWords, taps: CameraTaps): HTMLElement => {
  const { picture } = taps
  const chooser = element('input', { class: 'chooser', type: 'file', accept: 'image/*', tabindex: '-1', 'aria-hidden': 'true' })
  chooser.addEventListener('change', () => {
    const file = chooser.files?.[0]
    if (file !== undefined) picture?.(file)
  })
  const page = element('div', { class: 'sheet camera' },
    element('div', { class: 'finder', role: 'img', 'aria-label': words.viewfinder }, seen),
    element('p', { class: 'camera-line', role: 'status' }, line),
    ...(taps.again === undefined ? [] : [button(words.lookAgain, { key: 'again', class: 'button button--strong' }, taps.again)]),
    ...(picture === undefined ? [] : [button(words.choosePicture, { key: 'choose' }, () => chooser.click())]),
    button(words.back, { key: 'back' }, taps.back),
    chooser)
  page.addEventListener('dragover', (event) => event.preventDefault())
  page.addEventListener('drop', (event) => {
    event.preventDefault()
    const file = event.dataTransfer?.files[0]
    if (file !== undefined) picture?.(file)
  })
  return page
}
