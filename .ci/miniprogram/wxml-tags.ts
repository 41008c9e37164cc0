// Owns which tags a template may use, with which attributes of which type and which events: what the demo's phone draws too.

/** Every tag takes these, beside `class`, `style`, `id`, `data-*` and `wx:*`, which the template compiler knows. */
export interface Common {
  ariaRole: 'alert' | 'button' | 'dialog' | 'group' | 'heading' | 'img' | 'link' | 'list' | 'listitem' | 'status' | 'text'
  ariaLabel: string
  ariaHidden: boolean | 'true' | 'false'
}

export interface Tags {
  'page-meta': { rootFontSize: 'system' }
  view: Common & { hoverClass: string }
  text: Common
  button: Common & { hoverClass: string, disabled: boolean }
  input: Common & {
    value: string
    type: 'text'
    maxlength: number
    placeholder: string
    disabled: boolean
    confirmType: 'done' | 'go' | 'next' | 'search' | 'send'
  }
  'scroll-view': Common & { scrollY: boolean }
  image: Common & { src: string, mode: 'aspectFill' | 'aspectFit' | 'heightFix' | 'scaleToFill' | 'widthFix' }
}

/** What is in `event.detail`. */
interface CommonEvents {
  tap: { x: number, y: number }
}

interface InputEvents extends CommonEvents {
  input: { value: string, cursor: number, keyCode: number }
  focus: { value: string, height: number }
  blur: { value: string, cursor: number }
  confirm: { value: string }
}

/** The events of a tag. A component of our own may give any. */
export type EventsOf<Tag extends string> =
  Tag extends 'input' ? InputEvents :
    Tag extends 'page-meta' ? object :
      Tag extends keyof Tags ? CommonEvents : Record<string, object>

/** What may stand in an attribute as plain text: numbers are read from it, booleans are not ("false" would be true). */
export type Written<Attribute> = Attribute | (number extends Attribute ? `${number}` : never)

/** Data as a template sees it: it went through JSON, so that nothing is read-only and functions are gone. */
export type Plain<Value> =
  Value extends (...given: never[]) => unknown ? never :
    Value extends ReadonlyArray<infer Item> ? Array<Plain<Item>> :
      Value extends object ? { -readonly [Key in keyof Value]: Plain<Value[Key]> } : Value

/** A page without `data` has none, rather than any. */
export type Known<Fields> = string extends keyof Fields ? object : Fields
