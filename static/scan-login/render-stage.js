/** The content of each stage: the code, the number, icons. Once made, only the ring around a code changes. */
import { draw, make } from './dom.js'

/** @typedef {import('./view-state.js').Stage} Stage */
/** @typedef {import('./view-state.js').CodePicture} CodePicture */

/** Makes the element for a stage. @param {Stage} stage @returns {HTMLElement} */
export const makeLayer = (stage) => make('div', { class: 'layer', 'data-stage': stage.name }, ...contentOf(stage))

/** Shows a phone in place of the code, where a link opens WeChat: nobody can scan their own screen. @param {HTMLElement} layer @param {boolean} isByLink */
export const showPhoneForCode = (layer, isByLink) => {
  const paper = layer.querySelector('.paper')
  if (!(paper instanceof HTMLElement) || paper.hidden === isByLink) return
  paper.hidden = isByLink
  if (isByLink) layer.append(phone())
  else layer.querySelector('.icon')?.remove()
}

/**
 * Shortens the ring around a code as its time runs out, until its layer is removed. Once a second: a CSS animation would draw every frame for three
 * minutes, for a line that moves by a pixel.
 * @param {HTMLElement} layer @param {CodePicture} code
 */
export const runRing = (layer, { lifeMs, leftMs }) => {
  const endsAt = performance.now() + leftMs
  const paper = layer.querySelector('.paper')
  const path = layer.querySelector('.ring path')
  if (paper === null || path === null) return
  const step = () => {
    const leftMs = Math.max(0, endsAt - performance.now())
    path.setAttribute('d', outlineOf(paper))
    path.setAttribute('stroke-dashoffset', String(leftMs / lifeMs - 1))
    path.parentElement?.classList.toggle('ending', leftMs < endingMs)
  }
  step()
  const timer = setInterval(() => {
    if (layer.isConnected) step()
    else clearInterval(timer)
  }, 1000)
}

/** In its last part the ring is dark: before that it says nothing that matters, as the code is renewed by itself. */
const endingMs = 30_000

/** The edge of the paper, clockwise from the middle of its top, 1 px inside. A site may set its size and radius at any time. @param {Element} paper */
const outlineOf = (paper) => {
  const { width, borderTopLeftRadius } = getComputedStyle(paper)
  const size = Number.parseFloat(width) || 0
  const radius = Math.min(Number.parseFloat(borderTopLeftRadius) || 0, size / 2)
  const corner = Math.max(0, radius - 1)
  const [near, far] = [1 + corner, size - 1 - corner]
  const arc = `a${corner} ${corner} 0 0 1 `
  return `M${size / 2} 1H${far}${arc}${corner} ${corner}V${far}${arc}${-corner} ${corner}H${near}${arc}${-corner} ${-corner}V${near}${arc}${corner} ${-corner}Z`
}

/** @param {Stage} stage @returns {Element[]} */
const contentOf = (stage) => {
  switch (stage.name) {
    case 'making': return [skeleton()]
    case 'waiting':
    case 'cancelled':
    case 'late': return [make('div', { class: 'paper' }, picture(stage.code), ring())]
    case 'scanned': return [stage.number === null ? phone() : make('div', { class: 'number', part: 'number', 'aria-hidden': 'true' }, stage.number)]
    case 'confirmed': return [check(), make('p', { class: 'person' }, stage.person ?? '')]
    case 'another': return [person(), make('p', { class: 'person' }, stage.user.name ?? '')]
    case 'logging-in': return [dots()]
    case 'expired': return [make('div', { class: 'paper dim' }, ...(stage.code === null ? [] : [picture(stage.code)])), renew()]
    case 'refused': return [renew()]
    case 'too-late': return [stage.app === null ? renew() : make('a', { class: 'main', part: 'button', href: stage.app.startUrl, 'data-word': 'startAgain' })]
    case 'no-code': return [skeleton()]
  }
}

const renew = () => make('button', { class: 'main', part: 'button', 'data-action': 'renew', 'data-word': 'renew' })

/** An <img>, not a canvas: WeChat's browser reads a code from a long press on an image, and a visitor can save it. @param {CodePicture} code */
const picture = ({ url }) => make('img', { class: 'code-image', part: 'code', src: url, width: '208', height: '208' })

/** How shapes look where a page's policy forbids the style: lines, where SVG's own default is all black. */
const unstyled = { fill: 'none', stroke: 'currentcolor', 'stroke-width': '3' }

/** @param {string} name @param {string} viewBox @param {Element[]} shapes */
const icon = (name, viewBox, ...shapes) => {
  const size = viewBox.split(' ')[2] ?? ''
  return draw('svg', { class: name, viewBox, width: size, height: size, ...unstyled, 'aria-hidden': 'true' }, ...shapes)
}

const skeleton = () => icon('skeleton', '0 0 240 240',
  ...[[40, 40], [152, 40], [40, 152]].map(([x, y]) => draw('rect', { x: `${x}`, y: `${y}`, width: '48', height: '48', rx: '14' })),
  draw('path', { d: 'M112 52h18M112 76h0M130 76h0M52 112h0M76 112h22M120 112h10M154 112h0M176 112h24M52 130h28M104 130h48M176 130h0M112 158h0M136 158h22M182 158h18M112 182h24M160 182h0M184 182h0M112 200h0M136 200h40M200 200h0' }))

/** The time left, clockwise from the middle of the top. Without the style it isn't around the code, so it has no size of its own. */
const ring = () => draw('svg', { class: 'ring', width: '0', height: '0', ...unstyled, 'aria-hidden': 'true' }, draw('path', { pathLength: '1' }))

const phone = () => icon('icon', '0 0 96 96',
  draw('rect', { x: '26', y: '8', width: '44', height: '80', rx: '10' }), draw('path', { d: 'M42 78h12M38 46l8 8 14-16' }))

const person = () => icon('icon', '0 0 96 96', draw('circle', { cx: '48', cy: '34', r: '18' }), draw('path', { d: 'M14 86c2-20 16-28 34-28s32 8 34 28' }))

const check = () => icon('icon check', '0 0 96 96',
  draw('circle', { cx: '48', cy: '48', r: '42', pathLength: '1' }), draw('path', { d: 'M28 50l14 14 27-30', pathLength: '1' }))

const dots = () => icon('icon wait', '0 0 96 96', ...['24', '48', '72'].map((cx) => draw('circle', { cx, cy: '48', r: '6' })))
