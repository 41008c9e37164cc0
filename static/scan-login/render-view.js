/** Drawing of a view in the element's shadow root: the stage, the line, the help and the buttons. */
import { fillWords, make } from './dom.js'
import { makeExplanation } from './explanation.js'
import { liveCodeOn, stageOf } from './view-state.js'
import { makeLayer, runRing, showPhoneForCode } from './render-stage.js'
import { makeSaveButton } from './save-button.js'
import { viewWords } from './view-words.js'

/** @typedef {import('./view-state.js').View} View */
/** @typedef {import('./view-state.js').Stage} Stage */
/** @typedef {import('./words.js').Words} Words */
/** @typedef {import('./device.js').Device} Device */

const crossFadeMs = 200

/**
 * Fills the shadow root; returns the function that draws a view in a language. Drawing the same stage again changes only its texts.
 * @param {ShadowRoot} root
 * @param {{ device: Device, languageSwitch: HTMLElement, renew: () => void, picture: import('./save-picture.js').PictureSaver, answer: (isMe: boolean) => void,
 *   goesOn: () => boolean }} parts `goesOn`: whether the visitor is taken elsewhere after the login
 */
export const createLoginRenderer = (root, { device, languageSwitch, renew, picture, answer, goesOn }) => {
  const stageElement = make('div', { class: 'stage', part: 'stage', tabindex: '-1' })
  const line = make('p', { class: 'line', part: 'line', role: 'status' })
  const help = make('p', { class: 'help', part: 'help' })
  const trouble = make('p', { class: 'trouble', role: 'status' })
  const open = make('a', { class: 'main', part: 'button', target: '_blank', rel: 'noopener noreferrer', 'data-word': 'openWechat' })
  let isPictureWanted = false
  let redraw = () => {}
  const keep = makeSaveButton(picture, () => {
    isPictureWanted = true // from now on the picture is there, for a long press where the button saves nothing
    redraw()
  })
  const startOver = make('button', { class: 'quiet', part: 'link', 'data-action': 'renew', 'data-word': 'startOver' })
  const retry = make('button', { class: 'quiet late', part: 'link', 'data-action': 'renew', 'data-word': 'retry' })
  const goOn = make('button', { class: 'main', part: 'button', 'data-action': 'goOn', 'data-word': 'goOn' })
  const notMe = make('button', { class: 'quiet', part: 'link', 'data-action': 'notMe', 'data-word': 'notMe' })
  const say = make('div', { class: device === 'phone' ? 'say with-actions' : 'say' }, line, help, make('div', { class: 'actions' }, open, ...keep.elements, startOver, retry, goOn, notMe), trouble)
  const below = make('slot', { name: 'below' })
  const explanation = makeExplanation()
  root.append(
    make('slot', { name: 'above' }),
    stageElement,
    say,
    below,
    make('footer', { part: 'footer' }, make('button', { class: 'quiet', part: 'link', 'data-action': 'explain', 'data-word': 'what', 'aria-haspopup': 'dialog' }), languageSwitch),
    explanation.element)
  /** @type {Record<string, () => void>} */
  const actions = { renew, goOn: () => { answer(true) }, notMe: () => { answer(false) }, explain: explanation.open, close: explanation.close }
  root.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest('[data-action]') : null
    actions[button?.getAttribute('data-action') ?? '']?.()
  })
  /** @type {Stage | null} */
  let drawn = null
  /** @type {HTMLElement | null} */
  let layer = null

  /** The button that had the focus is gone: else the focus would fall to the top of the page. @param {HTMLElement} gone */
  const keepFocus = (gone) => {
    if (gone === startOver && !notMe.hidden) notMe.focus() // not `goOn`: a key that is still held down would press it
    else stageElement.focus({ preventScroll: true })
  }
  /** @param {Stage} stage */
  const swap = (stage) => {
    if (layer !== null) {
      const old = layer
      old.inert = true
      old.classList.add('leaving')
      setTimeout(() => { old.remove() }, crossFadeMs)
    }
    layer = makeLayer(stage)
    stageElement.append(layer)
    const code = liveCodeOn(stage)
    if (code !== null) runRing(layer, code)
    drawn = stage
  }

  /** @param {View} view @param {Words} words */
  const draw = (view, words) => {
    redraw = () => { draw(view, words) }
    const stage = stageOf(view)
    const focused = root.activeElement
    if (stage !== drawn && !(stage.name === drawn?.name && (stage.name === 'making' || stage.name === 'no-code'))) swap(stage)

    const code = liveCodeOn(stage)
    const linkUrl = device === 'phone' ? code?.linkUrl ?? null : null
    open.hidden = linkUrl === null
    if (linkUrl !== null) open.href = linkUrl
    if (layer !== null && code !== null) showPhoneForCode(layer, linkUrl !== null && !isPictureWanted)
    keep.show(device === 'phone' ? code?.url ?? null : null, words, linkUrl === null)
    startOver.hidden = stage.name !== 'scanned'
    retry.hidden = stage.name !== 'no-code' || stage.why === 'too-often'
    goOn.hidden = notMe.hidden = stage.name !== 'another'
    if (focused instanceof HTMLElement && (focused.hidden || focused.closest('.leaving') !== null)) keepFocus(focused)

    fillWords(root, words)
    for (const image of stageElement.querySelectorAll('img')) image.alt = words.codeAlt
    const texts = viewWords(view, words, device, goesOn(), isPictureWanted)
    const spoken = stage.name === 'scanned' && stage.number !== null ? ` ${stage.number}` : ''
    if (line.textContent !== texts.line + spoken) {
      line.textContent = texts.line
      if (spoken !== '') line.append(make('span', { class: 'visually-hidden' }, spoken))
    }
    line.className = stage.name === 'confirmed' ? 'line good' : 'line'
    const steps = texts.help.split('\n')
    help.classList.toggle('steps', steps.length > 1)
    help.textContent = steps.length > 1 ? '' : texts.help
    if (steps.length > 1) help.append(...steps.map((step) => make('span', {}, step)))
    help.classList.toggle('of-code', code !== null)
    say.classList.toggle('troubled', texts.trouble !== '')
    say.classList.toggle('asking', stage.name === 'another')
    below.classList.toggle('over', stage.name === 'confirmed')
    if (trouble.textContent !== texts.trouble) trouble.textContent = texts.trouble
  }
  return draw
}
