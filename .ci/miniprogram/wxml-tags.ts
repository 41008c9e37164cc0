// The tags that templates may use, with the types of their attributes and events. The demo's runtime draws the same ones.

/** Attributes of every tag, besides `class`, `style`, `id`, `data-*` and `wx:*`, which the template compiler handles. */
export interface Common {
  ariaRole: 'alert' | 'button' | 'dialog' | 'group' | 'heading' | 'img' | 'link' | 'list' | 'listitem' | 'status' | 'tab' | 'tablist' | 'text'
  ariaLabel: string
  ariaHidden: boolean | 'true' | 'false'
  ariaSelected: boolean | 'true' | 'false'
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
    focus: boolean
    confirmType: 'done' | 'go' | 'next' | 'search' | 'send'
  }
  'scroll-view': Common & { scrollY: boolean }
  image: Common & { src: string, mode: 'aspectFill' | 'aspectFit' | 'heightFix' | 'scaleToFill' | 'widthFix' }
}

/** Types of `event.detail`. */
interface CommonEvents {
  tap: { x: number, y: number }
}

interface InputEvents extends CommonEvents {
  input: { value: string, cursor: number, keyCode: number }
  focus: { value: string, height: number }
  blur: { value: string, cursor: number }
  confirm: { value: string }
}

/** The events of a tag. Our own components may have any. */
export type EventsOf<Tag extends string> =
  Tag extends 'input' ? InputEvents :
    Tag extends 'page-meta' ? object :
      Tag extends keyof Tags ? CommonEvents : Record<string, object>

/** Literal texts that an attribute may have: they are converted to numbers, but not to booleans ("false" would be true). */
export type Written<Attribute> = Attribute | (number extends Attribute ? `${number}` : never)

/** Data as a template sees it: passed through JSON, so without functions and read-only members. */
export type Plain<Value> =
  Value extends (...given: never[]) => unknown ? never :
    Value extends ReadonlyArray<infer Item> ? Array<Plain<Item>> :
      Value extends object ? { -readonly [Key in keyof Value]: Plain<Value[Key]> } : Value

/** Replaces the index signature that the typings give a page without `data`, which would allow any name. */
export type Known<Fields> = string extends keyof Fields ? object : Fields
