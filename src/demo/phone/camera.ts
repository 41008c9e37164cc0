/** Owns what the simulated phone can see: the login page in the frame beside it, or a picture that it is given. */
import { canvasOf, readCode } from './picture.ts'

export interface Sight {
  /** What was in view, to be shown. */
  readonly canvas: HTMLCanvasElement
  /** The text of the code in it, or undefined. */
  readonly text: string | undefined
}

/** The document of the login page in the same window, or undefined where this phone stands alone. */
export const loginPageBeside = (): Document | undefined => {
  try {
    if (window.parent === window) return undefined
    return window.parent.document.querySelector<HTMLIFrameElement>('iframe[data-login]')?.contentDocument ?? undefined
  } catch {
    return undefined // somebody else's page holds this frame
  }
}

/** Looks at the login page: the first picture that a code can be read from, else the first picture, else nothing. */
export const lookAt = (page: Document): Sight | undefined => {
  let first: Sight | undefined
  for (const image of picturesIn(page)) {
    const canvas = canvasOf(image, image.naturalWidth, image.naturalHeight)
    const sight = { canvas, text: readCode(canvas) }
    if (sight.text !== undefined) return sight
    first ??= sight
  }
  return first
}

/** Looks at a picture in a file: a screenshot of the code, in any format the browser knows. Undefined where it isn't a picture. */
export const lookAtFile = async (file: Blob): Promise<Sight | undefined> => {
  const bitmap = await createImageBitmap(file).catch(() => undefined)
  if (bitmap === undefined) return undefined
  const canvas = canvasOf(bitmap, bitmap.width, bitmap.height)
  bitmap.close()
  return { canvas, text: readCode(canvas) }
}

/** Every picture that is loaded and to be seen, inside the shadows of elements too. */
const picturesIn = (root: Document | ShadowRoot): HTMLImageElement[] => {
  // By name and not by class: the pictures belong to another frame, whose classes are not this one's.
  const shown = Array.from(root.querySelectorAll('img')).filter((image) => image.complete && image.naturalWidth > 0 && image.checkVisibility({ opacityProperty: true }))
  const inside = Array.from(root.querySelectorAll('*')).flatMap((element) => element.shadowRoot === null ? [] : picturesIn(element.shadowRoot))
  return [...shown, ...inside]
}
