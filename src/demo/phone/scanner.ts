/** WeChat's scanner screen: finds a code with the camera or in a picture, until the caller accepts its text or the person goes back. */
import { lookAround, readPicture } from './camera.ts'
import type { Photo } from './camera.ts'
import { onTap, part } from './elements.ts'
import type { DemoWords } from './words.ts'

const stepMs = 450 // so that the person sees each step

export interface ScannedCode {
  readonly text: string
  /** From a picture file, not from the login page. */
  readonly isInFile: boolean
}

export interface Scanner {
  /**
   * Scans until `read` gives a result for a code, and resolves with that; with undefined if the person goes back.
   * With `onlyFromCamera` it takes no picture files.
   */
  scan <Result extends object | string> (read: (code: ScannedCode) => Result | undefined, options?: { readonly onlyFromCamera?: boolean }): Promise<Result | undefined>
}

interface CurrentScan {
  /** Returns a function that ends the scan with this code; undefined if the caller refuses the code. */
  readonly accept: (code: ScannedCode) => (() => void) | undefined
  readonly goBack: () => void
  readonly takesPictures: boolean
}

export const createScanner = (words: DemoWords): Scanner => {
  let current: CurrentScan | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  const show = (line: string, canvas?: HTMLCanvasElement): void => {
    part('#finder').replaceChildren(...(canvas === undefined ? [] : [canvas]))
    part('#camera-line').textContent = line
  }
  const afterStep = (next: () => void): void => {
    clearTimeout(timer)
    timer = setTimeout(next, stepMs)
  }
  const end = (settle: (() => void) | undefined): void => {
    clearTimeout(timer)
    current = undefined
    settle?.()
  }

  const scanPage = (): void => {
    const scan = current
    const photograph = lookAround()
    part('#scan-again').hidden = photograph === undefined
    clearTimeout(timer)
    if (photograph === undefined) return show(current?.takesPictures === false ? words.noWebsite : words.pasteOrDrop)
    show(words.searching)
    afterStep(() => {
      photograph()
        .then((photo) => { if (current === scan) handle(photo, words.noCode, false) })
        .catch((reason: unknown) => console.error(reason))
    })
  }
  const scanPicture = (file: Blob): void => {
    const scan = current
    if (scan === undefined || !scan.takesPictures) return
    clearTimeout(timer)
    readPicture(file)
      .then((photo) => { if (current === scan) handle(photo, words.noPicture, true) })
      .catch((reason: unknown) => console.error(reason))
  }
  const handle = (photo: Photo | undefined, messageForNone: string, isInFile: boolean): void => {
    if (photo === undefined) return show(messageForNone)
    const { canvas, text } = photo
    if (text === undefined) return show(words.noCode, canvas)
    const resolveScan = current?.accept({ text, isInFile })
    if (resolveScan === undefined) return show(words.wrongCode, canvas)
    show(words.found, canvas)
    afterStep(() => end(resolveScan))
  }

  onTap('#camera-back', () => end(current?.goBack))
  onTap('#scan-again', scanPage)
  bindPictures(scanPicture)
  return {
    scan: (read, { onlyFromCamera = false } = {}) => new Promise((resolve) => {
      const accept = (code: ScannedCode) => {
        const result = read(code)
        return result === undefined ? undefined : () => resolve(result)
      }
      current = { accept, goBack: () => resolve(undefined), takesPictures: !onlyFromCamera }
      part('#choose-picture').hidden = onlyFromCamera
      scanPage()
    }),
  }
}

/** Takes picture files that are chosen, dropped or pasted. */
const bindPictures = (take: (file: Blob) => void): void => {
  const chooser = part<HTMLInputElement>('#picture')
  const camera = part('#camera')
  onTap('#choose-picture', () => chooser.click())
  chooser.addEventListener('change', () => {
    const file = chooser.files?.[0]
    chooser.value = '' // so that choosing the same file again fires `change`
    if (file !== undefined) take(file)
  })
  camera.addEventListener('dragover', (event) => event.preventDefault())
  camera.addEventListener('drop', (event) => {
    event.preventDefault()
    const file = event.dataTransfer?.files[0]
    if (file !== undefined) take(file)
  })
  document.addEventListener('paste', (event) => {
    const file = Array.from(event.clipboardData?.files ?? []).find(({ type }) => type.startsWith('image/'))
    if (file !== undefined) take(file)
  })
}
