import { decodeQR } from 'qr/decode.js'

const maxSidePx = 2000 // a larger screenshot only takes longer

/** Draws a picture to a new canvas, scaled down if it is large, on white so that codes on a transparent ground can be read. */
export const canvasOf = (source: CanvasImageSource, width: number, height: number): HTMLCanvasElement => {
  const scale = Math.min(1, maxSidePx / Math.max(width, height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.round(width * scale))
  canvas.height = Math.max(1, Math.round(height * scale))
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (context === null) throw new Error('this browser has no canvas')
  context.fillStyle = '#fff'
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.drawImage(source, 0, 0, canvas.width, canvas.height)
  return canvas
}

/** Reads the text of the code in a picture; undefined if there is none. */
export const readCode = (canvas: HTMLCanvasElement): string | undefined => {
  const image = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height)
  if (image === undefined) return undefined
  try {
    return decodeQR({ width: image.width, height: image.height, data: image.data }, { effort: 4, timeLimit: 500 })
  } catch {
    return undefined // no code in it, or a damaged one
  }
}
