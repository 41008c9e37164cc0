/** WeChat's scanner: it looks, says what it sees, and ends with a text or with the person going back. What a text means is its caller's business. */
import { loginPageBeside, lookAt, lookAtFile } from './camera.ts'
import type { Sight } from './camera.ts'
import { onTap, part } from './elements.ts'
import type { DemoWords } from './words.ts'

const shutterMs = 450 // long enough for an eye to see what the camera saw

export interface Found {
  readonly text: string
  /** In a picture that was handed over, not on the login page beside. */
  readonly isInFile: boolean
}

export interface Scanner {
  /** Looks until there is a code that `read` makes something of, and gives that; undefined where the person went back. With `onlyFromCamera` it takes no picture. */
  scan <Result extends object | string> (read: (found: Found) => Result | undefined, options?: { readonly onlyFromCamera?: boolean }): Promise<Result | undefined>
}

interface Scanning {
  /** How this ends with what was found; undefined where that is no code to follow. */
  readonly endingOf: (found: Found) => (() => void) | undefined
  readonly goBack: () => void
  readonly takesPictures: boolean
}

export const createScanner = (words: DemoWords): Scanner => {
  let scanning: Scanning | undefined
  let next: ReturnType<typeof setTimeout> | undefined

  const say = (line: string, canvas?: HTMLCanvasElement): void => {
    part('#finder').replaceChildren(...(canvas === undefined ? [] : [canvas]))
    part('#camera-line').textContent = line
  }
  const then = (step: () => void): void => {
    clearTimeout(next)
    next = setTimeout(step, shutterMs)
  }
  const end = (ending: (() => void) | undefined): void => {
    clearTimeout(next)
    scanning = undefined
    ending?.()
  }

  const look = (): void => {
    const beside = loginPageBeside()
    part('#look-again').hidden = beside === undefined
    clearTimeout(next)
    if (beside === undefined) return say(scanning?.takesPictures === false ? words.nothingBeside : words.alone)
    say(words.looking)
    then(() => judge(lookAt(beside), words.noCode, false))
  }
  const lookAtPicture = (file: Blob): void => {
    const current = scanning
    if (current === undefined || !current.takesPictures) return
    clearTimeout(next)
    lookAtFile(file)
      .then((sight) => { if (scanning === current) judge(sight, words.noPicture, true) })
      .catch((reason: unknown) => console.error(reason))
  }
  const judge = (sight: Sight | undefined, nothing: string, isInFile: boolean): void => {
    if (sight === undefined) return say(nothing)
    const { canvas, text } = sight
    if (text === undefined) return say(words.noCode, canvas)
    const ending = scanning?.endingOf({ text, isInFile })
    if (ending === undefined) return say(words.notACode, canvas)
    say(words.found, canvas)
    then(() => end(ending))
  }

  onTap('#camera-back', () => end(scanning?.goBack))
  onTap('#look-again', look)
  bindPictures(lookAtPicture)
  return {
    scan: (read, { onlyFromCamera = false } = {}) => new Promise((resolve) => {
      const endingOf = (found: Found) => {
        const result = read(found)
        return result === undefined ? undefined : () => resolve(result)
      }
      scanning = { endingOf, goBack: () => resolve(undefined), takesPictures: !onlyFromCamera }
      part('#choose-picture').hidden = onlyFromCamera
      look()
    }),
  }
}

/** The three ways to hand the scanner a picture: chosen, dropped, pasted. */
const bindPictures = (take: (file: Blob) => void): void => {
  const chooser = part<HTMLInputElement>('#picture')
  const camera = part('#camera')
  onTap('#choose-picture', () => chooser.click())
  chooser.addEventListener('change', () => {
    const file = chooser.files?.[0]
    chooser.value = '' // the same file may be chosen again
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
