/**
 * The binding of glass-easel to this document: elements, events, registered components.
 * Create it once per document: the framework never removes its listeners on the body, and with a second set every tap fires twice.
 */
import { MiniProgramEnv, glassEasel } from 'glass-easel-miniprogram-adapter'
import type { Root } from 'glass-easel-miniprogram-adapter'
import type { ModuleConfig, Templates } from './project.ts'

/** The globals that a page's or component's script calls. */
export interface ModuleGlobals {
  readonly Page: unknown
  readonly Component: unknown
  readonly Behavior: unknown
}

type ComponentSpace = ReturnType<ReturnType<MiniProgramEnv['createCodeSpace']>['getComponentSpace']>
export type BuiltInDefinition = Parameters<ComponentSpace['defineComponent']>[0]

export interface Framework {
  builtIn (tag: string, definition: BuiltInDefinition): void
  /** Registers a page or component. Its script has to run next, with the returned globals. `scope` is the prefix of a component's class names. */
  register (path: string, config: ModuleConfig, scope: string | undefined): ModuleGlobals
  /** Builds a page inside an element. */
  open (path: string, box: HTMLElement): Root
  readonly isHandlingTap: () => boolean
}

/** Tags that HTML lacks, written with the prefix `wx-`; the styles are compiled for these names. */
const renamed = new Set(['page', 'page-meta', 'view', 'text', 'scroll-view', 'image'])

export const createFramework = (templates: Templates, report: (error: unknown) => void): Framework => {
  const context = new glassEasel.CurrentWindowBackendContext()
  context.document = {
    createElement: (tag: string) => withStyleText(document.createElement(renamed.has(tag) ? `wx-${tag}` : tag)),
    createTextNode: (text: string) => document.createTextNode(text),
    createDocumentFragment: () => document.createDocumentFragment(),
  } as unknown as typeof context.document // the framework's type of an element is narrower than HTMLElement
  const env = new MiniProgramEnv()
  const space = env.createCodeSpace('', true)
  const backend = env.associateBackend(context)
  let isHandlingTap = false

  glassEasel.addGlobalErrorListener((error) => {
    report(error)
    return false
  })

  const dispatch = (target: glassEasel.Element, type: string, detail: unknown, options: glassEasel.EventOptions): boolean => {
    const event = new glassEasel.Event(type, detail, options)
    isHandlingTap = type === 'tap'
    try {
      glassEasel.Event.dispatchEvent(target, event)
    } finally {
      isHandlingTap = false
    }
    return event.defaultPrevented()
  }

  context.onEvent((target, type, detail: unknown, options) => {
    if (type === 'tap' && isDisabled(options.originalEvent)) return 0
    return dispatch(target, type, detail, options) ? 1 : 0
  })
  onMissedTap((event, target) => {
    dispatch(target, 'tap', { x: event.clientX, y: event.clientY }, { originalEvent: event, bubbles: true, composed: true, capturePhase: true })
  })

  return {
    builtIn: (tag, definition) => {
      const components = space.getComponentSpace()
      components.setGlobalUsingComponent(tag, components.defineComponent({ ...definition, is: tag }))
    },
    register: (path, config, scope) => {
      space.addComponentStaticConfig(path, config)
      if (scope !== undefined) space.addStyleSheet(path, undefined, scope)
      space.addCompiledTemplate(path, {
        groupList: templates,
        content: templates[path],
        fallbackListenerOnNativeNode: true,
      } as Parameters<typeof space.addCompiledTemplate>[1]) // the compiler's output is untyped
      return space.componentEnv(path, (globals) => ({ ...globals }))
    },
    open: (path, box) => {
      const root = backend.createRoot('page', space, path)
      const placeholder = document.createElement('div') // the framework replaces it by the page
      box.append(placeholder)
      root.attach(box as unknown as Backend, placeholder as unknown as Backend)
      return root
    },
    isHandlingTap: () => isHandlingTap,
  }
}

/**
 * Reports clicks that the framework doesn't turn into taps: those of a keyboard or screen reader, which have no pointer events, and those of a mouse
 * once there was a touch, since the framework ignores mouse events from then on.
 */
const onMissedTap = (listener: (event: MouseEvent, target: glassEasel.Element) => void): void => {
  let wasTouched = false
  document.body.addEventListener('touchstart', () => { wasTouched = true }, { capture: true, passive: true })
  document.body.addEventListener('click', (event) => {
    const target = componentAt(event.target as Node)
    const isMissed = event.detail === 0 || (wasTouched && (event as PointerEvent).pointerType === 'mouse')
    if (isMissed && target !== undefined) listener(event, target)
  })
}

const componentAt = (node: Node & { __wxElement?: glassEasel.Element } | null): glassEasel.Element | undefined =>
  node === null ? undefined : node.__wxElement ?? componentAt(node.parentNode)

type Backend = Parameters<Root['attach']>[0]

/** Makes `setAttribute('style', …)` assign `style.cssText`: the policy forbids the attribute, which the framework uses, but not the property. Converts rpx, too. */
const withStyleText = (element: HTMLElement): HTMLElement => {
  const setAttribute = element.setAttribute.bind(element)
  element.setAttribute = (name, value) => {
    if (name === 'style') element.style.cssText = String(value).replace(/(-?[\d.]+)rpx\b/g, 'calc($1 * var(--rpx))')
    else setAttribute(name, value)
  }
  return element
}

const isDisabled = (event: unknown): boolean =>
  event instanceof Event && event.target instanceof Element && event.target.closest('button[disabled]') !== null
