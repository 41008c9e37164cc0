/** WeChat's built-in components, as far as the mini program uses them: their attributes in the document and their events. */
import type { glassEasel } from 'glass-easel-miniprogram-adapter'
import type { BuiltInDefinition, Framework } from './framework.ts'

type BuiltIn = glassEasel.GeneralComponent

/** Property → DOM attribute. */
const aria = { ariaRole: 'role', ariaLabel: 'aria-label', ariaHidden: 'aria-hidden', ariaSelected: 'aria-selected' }

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
  define('view', {}, { properties: hoverProperties, lifetimes: { created: bindHoverClass } })
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
    properties: hoverProperties,
    lifetimes: { created: bindHoverClass },
  })
  define('input', { placeholder: 'placeholder', maxlength: 'maxlength', confirmType: 'enterkeyhint', disabled: 'disabled' }, {
    properties: { value: String, type: String, focus: null },
    // Setting the value that was just typed keeps the cursor: the browser sees no change.
    observers: { value (this: BuiltIn, value: string) { (elementOf(this) as HTMLInputElement).value = value } },
    lifetimes: {
      created: bindInputEvents,
      attached (this: BuiltIn) {
        if (isOn((this.data as { focus: unknown }).focus ?? false)) elementOf(this).focus()
      },
    },
  })
}

/** The component's host element. */
const elementOf = (component: BuiltIn): HTMLElement => component.getBackendElement() as unknown as HTMLElement

/** A template's attribute without a value arrives as true or ''. */
const isOn = (value: unknown): boolean => value === '' || Boolean(value)

const booleanAttributes = new Set(['disabled', 'scroll-y'])

const writeAttribute = (element: HTMLElement, name: string, value: unknown): void => {
  if (booleanAttributes.has(name)) element.toggleAttribute(name, isOn(value))
  else if (value === null || value === undefined || value === '') element.removeAttribute(name)
  else element.setAttribute(name, String(value))
}

const hoverProperties = { hoverClass: String }

/** Adds the classes of `hover-class` while the element is pressed. */
function bindHoverClass (this: BuiltIn): void {
  const element = elementOf(this)
  let classes: readonly string[] = []
  element.addEventListener('pointerdown', () => {
    if (element.hasAttribute('disabled')) return
    classes = (this.data as { hoverClass: string }).hoverClass.split(/\s+/).filter((name) => name !== '' && name !== 'none')
    element.classList.add(...classes)
  })
  for (const end of ['pointerup', 'pointercancel', 'pointerleave']) {
    element.addEventListener(end, () => element.classList.remove(...classes))
  }
}

/** Replaces the browser's input, focus and blur events, which lack WeChat's `detail`, by the component's own. */
function bindInputEvents (this: BuiltIn): void {
  const element = elementOf(this) as HTMLInputElement
  element.maxLength = 140
  element.autocomplete = 'off'
  const replaceEvent = (type: string, detailOf: () => object): void => {
    element.addEventListener(type, (event) => {
      event.stopImmediatePropagation()
      this.triggerEvent(type, detailOf())
    }, { capture: true })
  }
  replaceEvent('input', () => ({ value: element.value, cursor: element.selectionStart ?? element.value.length }))
  replaceEvent('focus', () => ({ value: element.value, height: 0 }))
  replaceEvent('blur', () => ({ value: element.value }))
  element.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.isComposing) this.triggerEvent('confirm', { value: element.value })
  })
}
