/** Owns how a view is drawn: the layer on the stage, the line, the help. Decides nothing; every state is a template of the page's HTML. */
import { elementOf, fillWords } from './page.js'
import { sayView } from './words.js'

/** @typedef {import('./login-screen.js').View} View */
/** @typedef {import('./login-screen.js').Stage} Stage */
/** @typedef {import('./words.js').Words} Words */

const crossFadeMs = 200

/** Makes a function that draws a view in the given words. Drawing the same stage again changes words only. */
export const createLoginView = () => {
  const stageElement = elementOf('stage', HTMLElement)
  const line = elementOf('line', HTMLElement)
  const help = elementOf('help', HTMLElement)
  const startOver = elementOf('start-over', HTMLElement)
  /** @type {Stage | null} */
  let drawn = null
  /** @type {HTMLElement | null} */
  let layer = null

  /** @param {Stage} stage */
  const swap = (stage) => {
    if (layer !== null) {
      const old = layer
      old.inert = true
      old.classList.add('leaving')
      setTimeout(() => { old.remove() }, crossFadeMs)
    }
    layer = layerOf(stage)
    stageElement.append(layer)
    drawn = stage
  }

  /** @param {View} view @param {Words} words */
  return (view, words) => {
    const stage = 'over' in view ? view.over : view
    if (stage !== drawn && !(stage.name === drawn?.name && (stage.name === 'making' || stage.name === 'no-code'))) swap(stage)
    if (layer !== null) fillWords(layer, words)
    for (const image of stageElement.querySelectorAll('img')) image.alt = words.codeAlt

    const said = sayView(view, words)
    const heard = view.name === 'scanned' && view.number !== null ? ` ${view.number}` : ''
    if (line.textContent !== said.line + heard) line.replaceChildren(said.line, ...(heard === '' ? [] : [heardOnly(heard)]))
    line.className = `line ${classOf[view.name] ?? ''}`
    help.textContent = said.help
    startOver.hidden = stage.name !== 'scanned'
  }
}

/** @type {Partial<Record<View['name'], string>>} */
const classOf = { confirmed: 'good', offline: 'trouble', busy: 'trouble', 'no-code': 'trouble' }

/** @param {string} text */
const heardOnly = (text) => {
  const span = document.createElement('span')
  span.className = 'heard'
  span.textContent = text
  return span
}

/** @param {Stage} stage */
const layerOf = (stage) => {
  const layer = document.createElement('div')
  layer.className = 'layer'
  layer.dataset.stage = stage.name
  layer.append(elementOf(templateOf(stage), HTMLTemplateElement).content.cloneNode(true))
  const image = layer.querySelector('img')
  if ('code' in stage && stage.code !== null && image !== null) {
    image.src = stage.code.url
    image.hidden = false
    layer.style.setProperty('--life', `${stage.code.lifeMs}ms`)
    layer.style.setProperty('--elapsed', `${stage.code.leftMs - stage.code.lifeMs}ms`)
  }
  const text = layer.querySelector('.number, .person')
  if (text !== null) text.textContent = (stage.name === 'scanned' ? stage.number : stage.name === 'confirmed' ? stage.person : null) ?? ''
  return layer
}

/** @param {Stage} stage */
const templateOf = (stage) => {
  switch (stage.name) {
    case 'waiting':
    case 'cancelled':
    case 'late': return 'code'
    case 'scanned': return stage.number === null ? 'scanned-plain' : 'scanned'
    default: return stage.name
  }
}
