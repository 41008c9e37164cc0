/** Owns the tags that WeChat brings along, as far as the mini program uses them: what they are in the document, and what they tell a page. */
import type { glassEasel } from 'glass-easel-miniprogram-adapter'
import type { BuiltInDefinition, Framework } from './framework.ts'

type BuiltIn = glassEasel.GeneralComponent

/** Property → the attribute it is in the document. */
const aria = { ariaRole: 'role', ariaLabel: 'aria-label', ariaHidden: 'aria-hidden' }

export const defineBuiltIns = (framework: Framework): void => {
  const define = (tag: string, attributes: Record<string, string>, more: Partial<BuiltInDefinition> = {}): void => {
    const names = Object.entries({ ...aria, ...attributes })
    framework.builtIn(tag, {
      ...more,
      properties: {
        ...Object.fromEntries(names.map(([property]) => [property, null])),
        ...more.properties,
      },
      observers: {
        ...Object.fromEntries(names.map(([property, attribute]) => [property, function (this: BuiltIn, value: unknown) {
          writeAttribute(elementOf(this), attribute, value)
        }])),
        ...more.observers,
      },
    } as BuiltInDefinition)
  }

  define('page-meta', { rootFontSize: 'root-font-size' })
  define('text', {})
  define('view', {}, { properties: hoverable, lifetimes: { created: showsPress } })
  define('scroll-view', {}, {
    properties: { scrollY: null },
    observers: {
      scrollY (this: BuiltIn, on: unknown) {
        writeAttribute(elementOf(this), 'scroll-y', on)
        writeAttribute(elementOf(this), 'tabindex', isOn(on) ? '0' : null)
      },
    },
  })
  define('image', {}, {
    properties: { src: String, mode: String },
    observers: {
      'src, mode' (this: BuiltIn, src: string, mode: string) {
        const { style } = elementOf(this)
        style.backgroundImage = src === '' ? '' : `url(${JSON.stringify(src)})`
        style.backgroundSize = ({ aspectFit: 'contain', aspectFill: 'cover' } as Record<string, string>)[mode] ?? '100% 100%'
      },
    },
  })
  define('button', { disabled: 'disabled' }, {
    properties: hoverable,
    lifetimes: { created: showsPress },
  })
  define('input', { placeholder: 'placeholder', maxlength: 'maxlength', confirmType: 'enterkeyhint', disabled: 'disabled' }, {
    properties: { value: String, type: String },
    // Where it is what was typed the cursor stays, since the browser sees no change.
    observers: { value (this: BuiltIn, value: string) { (elementOf(this) as HTMLInputElement).value = value } },
    lifetimes: { created: tellsInput },
  })
}

/** The host in the document; its tag is known from the template. */
const elementOf = (component: BuiltIn): HTMLElement => component.getBackendElement() as unknown as HTMLElement

/** An attribute without a value in a template comes as true or ''. */
const isOn = (value: unknown): boolean => value === '' || Boolean(value)

const onOrOff = new Set(['disabled', 'scroll-y'])

const writeAttribute = (element: HTMLElement, name: string, value: unknown): void => {
  if (onOrOff.has(name)) element.toggleAttribute(name, isOn(value))
  else if (value === null || value === undefined || value === '') element.removeAttribute(name)
  else element.setAttribute(name, String(value))
}

const hoverable = { hoverClass: String }

/** Gives the element its `hover-class` while it is pressed. */
function showsPress (this: BuiltIn): void {
  const element = elementOf(this)
  let pressed: readonly string[] = []
  element.addEventListener('pointerdown', () => {
    if (element.hasAttribute('disabled')) return
    pressed = (this.data as { hoverClass: string }).hoverClass.split(/\s+/).filter((name) => name !== '' && name !== 'none')
    element.classList.add(...pressed)
  })
  for (const end of ['pointerup', 'pointercancel', 'pointerleave']) {
    element.addEventListener(end, () => element.classList.remove(...pressed))
  }
}

/** Tells a page of what is typed. The browser's own events would reach it without the text, so they end here. */
function tellsInput (this: BuiltIn): void {
  const element = elementOf(this) as HTMLInputElement
  element.maxLength = 140
  element.autocomplete = 'off'
  const tell = (type: string, detailOf: () => object): void => {
    element.addEventListener(type, (event) => {
      event.stopImmediatePropagation()
      this.triggerEvent(type, detailOf())
    }, { capture: true })
  }
  tell('input', () => ({ value: element.value, cursor: element.selectionStart ?? element.value.length }))
  tell('focus', () => ({ value: element.value, height: 0 }))
  tell('blur', () => ({ value: element.value }))
  element.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.isComposing) this.triggerEvent('confirm', { value: element.value })
  })
}
