/** The phone's camera: it photographs the login page in the frame beside it, the newest code elsewhere, or reads a picture file. */
import { canvasOf, readCode } from './picture.ts'

export interface Photo {
  /** The picture, for the viewfinder. */
  readonly canvas: HTMLCanvasElement
  /** The text of the code in it; undefined if none can be read. */
  readonly text: string | undefined
}

/** The login page's document in the demo's window; undefined if the phone has a tab of its own. */
export const adjacentLoginPage = (): Document | undefined => {
  try {
    if (window.parent === window) return undefined
    return window.parent.document.querySelector<HTMLIFrameElement>('iframe[data-login]')?.contentDocument ?? undefined
  } catch {
    return undefined // this frame is in a page of another origin
  }
}

/**
 * Photographs what is in front of the phone: the login page beside it or, where other websites use the demo, the newest code on another page. Undefined if the
 * phone has nothing before it; a photo that is undefined shows no code.
 */
export const lookAround = (): (() => Promise<Photo | undefined>) | undefined => {
  const page = adjacentLoginPage()
  const hasSites = document.documentElement.hasAttribute('data-sites')
  if (hasSites && (page?.querySelector('scan-login') ?? null) === null) return photographNewest
  return page === undefined ? undefined : async () => photograph(page)
}

/** Browsers keep pages of other origins, and other tabs, from this one, so the demo serves the picture. */
const photographNewest = async (): Promise<Photo | undefined> => {
  const answer = await fetch('newest-code')
  return answer.ok ? await readPicture(await answer.blob()) : undefined
}

/** Photographs a page: the first image with a readable code, else the first image, else undefined. */
export const photograph = (page: Document): Photo | undefined => {
  let first: Photo | undefined
  for (const image of visibleImages(page)) {
    const canvas = canvasOf(image, image.naturalWidth, image.naturalHeight)
    const photo = { canvas, text: readCode(canvas) }
    if (photo.text !== undefined) return photo
    first ??= photo
  }
  return first
}

/** Reads a picture file, such as a screenshot, in any format that the browser decodes; undefined for other files. */
export const readPicture = async (file: Blob): Promise<Photo | undefined> => {
  const bitmap = await createImageBitmap(file).catch(() => undefined)
  if (bitmap === undefined) return undefined
  const canvas = canvasOf(bitmap, bitmap.width, bitmap.height)
  bitmap.close()
  return { canvas, text: readCode(canvas) }
}

/** All loaded and visible images, those in shadow roots too. */
const visibleImages = (root: Document | ShadowRoot): HTMLImageElement[] => {
  // By tag, not `instanceof`: elements of another frame have constructors of their own.
  const images = Array.from(root.querySelectorAll('img')).filter((image) => image.complete && image.naturalWidth > 0 && image.checkVisibility({ opacityProperty: true }))
  const inShadowRoots = Array.from(root.querySelectorAll('*')).flatMap((element) => element.shadowRoot === null ? [] : visibleImages(element.shadowRoot))
  return [...images, ...inShadowRoots]
}
