/**
 * Owns the binding of glass-easel to this document: elements, events, the space that components are registered in.
 * To be made once in a document: the framework's listeners on the body are never taken away again.
 */
import { MiniProgramEnv, glassEasel } from 'glass-easel-miniprogram-adapter'
import type { Root } from 'glass-easel-miniprogram-adapter'
import type { ModuleConfig, Templates } from './project.ts'

/** What a page's or component's script finds as globals. */
export interface ModuleGlobals {
  readonly Page: unknown
  readonly Component: unknown
  readonly Behavior: unknown
}

type ComponentSpace = ReturnType<ReturnType<MiniProgramEnv['createCodeSpace']>['getComponentSpace']>
export type BuiltInDefinition = Parameters<ComponentSpace['defineComponent']>[0]

export interface Framework {
  builtIn (tag: string, definition: BuiltInDefinition): void
  /** Makes a path known; its script is to run next, with these globals. `scope` stands in front of a component's class names. */
  register (path: string, config: ModuleConfig, scope: string | undefined): ModuleGlobals
  /** Builds a page inside a box. */
  open (path: string, box: HTMLElement): Root
  /** A tap is being handled right now. */
  readonly tapping: () => boolean
}

/** Tags that HTML doesn't know, and one that it does; the styles are compiled to these names. */
const renamed = new Set(['page', 'page-meta', 'view', 'text', 'scroll-view', 'image'])

export const createFramework = (templates: Templates, report: (error: unknown) => void): Framework => {
  const context = new glassEasel.CurrentWindowBackendContext()
  context.document = {
    createElement: (tag: string) => withStyleText(document.createElement(renamed.has(tag) ? `wx-${tag}` : tag)),
    createTextNode: (text: string) => document.createTextNode(text),
    createDocumentFragment: () => document.createDocumentFragment(),
  } as unknown as typeof context.document // the framework's own type knows less of an element than it is
  const env = new MiniProgramEnv()
  const space = env.createCodeSpace('', true)
  const backend = env.associateBackend(context)
  let tapping = false

  glassEasel.addGlobalErrorListener((error) => {
    report(error)
    return false
  })

  const dispatch = (target: glassEasel.Element, type: string, detail: unknown, options: glassEasel.EventOptions): boolean => {
    const event = new glassEasel.Event(type, detail, options)
    tapping = type === 'tap'
    try {
      glassEasel.Event.dispatchEvent(target, event)
    } finally {
      tapping = false
    }
    return event.defaultPrevented()
  }

  context.onEvent((target, type, detail: unknown, options) => {
    if (type === 'tap' && isDisabled(options.originalEvent)) return 0
    return dispatch(target, type, detail, options) ? 1 : 0
  })
  onUnseenTap((event, target) => {
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
      } as Parameters<typeof space.addCompiledTemplate>[1]) // the compiler's output has no type
      return space.componentEnv(path, (globals) => ({ ...globals }))
    },
    open: (path, box) => {
      const root = backend.createRoot('page', space, path)
      const place = document.createElement('div')
      box.append(place)
      root.attach(box as unknown as Backend, place as unknown as Backend)
      return root
    },
    tapping: () => tapping,
  }
}

/** A keyboard and a screen reader click without a pointer, which is no tap to the framework; nor is a mouse, once there was a finger. */
const onUnseenTap = (tap: (event: MouseEvent, target: glassEasel.Element) => void): void => {
  let touched = false
  document.body.addEventListener('touchstart', () => { touched = true }, { capture: true, passive: true })
  document.body.addEventListener('click', (event) => {
    const target = componentAt(event.target as Node)
    const unseen = event.detail === 0 || (touched && (event as PointerEvent).pointerType === 'mouse')
    if (unseen && target !== undefined) tap(event, target)
  })
}

const componentAt = (node: Node & { __wxElement?: glassEasel.Element } | null): glassEasel.Element | undefined =>
  node === null ? undefined : node.__wxElement ?? componentAt(node.parentNode)

type Backend = Parameters<Root['attach']>[0]

/** The framework sets inline styles as an attribute, which the page's policy forbids; through the object they are allowed. */
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
