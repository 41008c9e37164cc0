/** Pictures of codes: QR codes, because only WeChat can draw and read mini-program codes. */
import { encode as encodePng } from 'fast-png'
import { encode as encodeJpeg } from 'jpeg-js'
import encodeQR from 'qr'

export type ImageFormat = 'png' | 'jpeg'

/** In modules, required by ISO/IEC 18004. */
const quietZone = 4
/** In modules: the side of a finder pattern, the square in three corners. */
const finderSize = 7
/** Blue-black: softer on white than black, and scans as well. */
const ink = [0x14, 0x1d, 0x33] as const

/**
 * Draws `text` as a square of `widthPx` including the quiet zone. Touching modules join, free corners and finder patterns are rounded.
 * The centre of each module stays filled: scanners sample only that.
 */
export const drawCode = (text: string, widthPx: number, format: ImageFormat): Buffer => {
  const framed = encodeQR(text, 'raw', { ecc: 'quartile', border: quietZone })
  const dark = framed.slice(quietZone, -quietZone).map((row) => row.slice(quietZone, -quietZone))
  const modulePx = widthPx / framed.length
  const data = new Uint8Array(widthPx * widthPx * 4).fill(255)
  const edge = Math.floor((quietZone - 1) * modulePx) // no ink is beyond it
  for (let row = edge; row < widthPx - edge; row++) {
    const y = (row + 0.5) / modulePx - quietZone
    for (let column = edge; column < widthPx - edge; column++) {
      const x = (column + 0.5) / modulePx - quietZone
      // Antialiasing: the distance to the edge in pixels gives the share of this pixel that is ink.
      const cover = Math.min(1, Math.max(0, 0.5 - distanceToInk(dark, x, y) * modulePx))
      if (cover === 0) continue
      const offset = (row * widthPx + column) * 4
      for (let channel = 0; channel < 3; channel++) data[offset + channel] = Math.round(255 + (ink[channel]! - 255) * cover) // ink has three
    }
  }
  const picture = { width: widthPx, height: widthPx, data }
  return format === 'png' ? Buffer.from(encodePng(picture)) : encodeJpeg(picture, 90).data
}

/** The signed distance of a point to the ink, in modules: negative inside. */
const distanceToInk = (dark: boolean[][], x: number, y: number): number => {
  const size = dark.length
  const left = x < finderSize
  const top = y < finderSize
  const right = x > size - finderSize
  const bottom = y > size - finderSize
  if (!(left || right) || !(top || bottom) || (right && bottom)) return distanceToModule(dark, x, y)
  // Relative to the centre of the finder pattern.
  const half = finderSize / 2
  return distanceToFinder(x - (left ? half : size - half), y - (top ? half : size - half))
}

/** A finder pattern: squares 7, 5 and 3 modules wide (ISO/IEC 18004), here with rounded corners. */
const distanceToFinder = (x: number, y: number): number => Math.min(
  Math.max(roundedSquare(x, y, 3.5, 2), -roundedSquare(x, y, 2.5, 1.2)),
  roundedSquare(x, y, 1.5, 0.9),
)

/** Faster than `Math.hypot`, which guards against overflow. */
const lengthOf = (x: number, y: number): number => Math.sqrt(x * x + y * y)

const roundedSquare = (x: number, y: number, half: number, radius: number): number => {
  const dx = Math.abs(x) - half + radius
  const dy = Math.abs(y) - half + radius
  return lengthOf(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - radius
}

const distanceToModule = (dark: boolean[][], x: number, y: number): number => {
  const column = Math.floor(x)
  const row = Math.floor(y)
  const line = dark[row]
  if (line?.[column] !== true) return 1
  const u = x - column - 0.5
  const v = y - row - 0.5
  if (line[column + Math.sign(u)] === true || dark[row + Math.sign(v)]?.[column] === true) return -1
  return lengthOf(u, v) - 0.5
}
