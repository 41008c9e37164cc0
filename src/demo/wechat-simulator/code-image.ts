/** Owns the picture the simulator gives for a code: a QR picture, since only WeChat can draw and read its own kind. */
import { encode as encodePng } from 'fast-png'
import { encode as encodeJpeg } from 'jpeg-js'
import encodeQR from 'qr'

export type ImageFormat = 'png' | 'jpeg'

/** Modules of white around, as ISO/IEC 18004 asks. */
const quietZone = 4
const finderSize = 7
/** Blue-black reads softer on white than black does, and scans as well. */
const ink = [0x14, 0x1d, 0x33] as const

/**
 * Draws `text` as a square of `widthPx` with the quiet zone inside: modules that touch flow together, free corners are round, the
 * three eyes are rings. Every module keeps its full middle, which is all that a scanner looks at.
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
      // The distance to the edge, in pixels, tells how much of this pixel is ink: that keeps the curves smooth.
      const cover = Math.min(1, Math.max(0, 0.5 - depthAt(dark, x, y) * modulePx))
      if (cover === 0) continue
      const at = (row * widthPx + column) * 4
      for (let channel = 0; channel < 3; channel++) data[at + channel] = Math.round(255 + (ink[channel]! - 255) * cover) // ink has three
    }
  }
  const picture = { width: widthPx, height: widthPx, data }
  return format === 'png' ? Buffer.from(encodePng(picture)) : encodeJpeg(picture, 90).data
}

/** How far a point (in modules) is from the ink: below 0 inside. */
const depthAt = (dark: boolean[][], x: number, y: number): number => {
  const size = dark.length
  const left = x < finderSize
  const top = y < finderSize
  const right = x > size - finderSize
  const bottom = y > size - finderSize
  if (!(left || right) || !(top || bottom) || (right && bottom)) return moduleDepth(dark, x, y)
  // The point as seen from the middle of the eye it lies in.
  const half = finderSize / 2
  return eyeDepth(x - (left ? half : size - half), y - (top ? half : size - half))
}

/** Ring and pupil of an eye: 7, 5 and 3 modules wide, as the standard has them, with round corners. */
const eyeDepth = (x: number, y: number): number => Math.min(
  Math.max(roundedSquare(x, y, 3.5, 2), -roundedSquare(x, y, 2.5, 1.2)),
  roundedSquare(x, y, 1.5, 0.9),
)

/** As `Math.hypot`, which is exact for numbers of any size, and slow. */
const lengthOf = (x: number, y: number): number => Math.sqrt(x * x + y * y)

const roundedSquare = (x: number, y: number, half: number, radius: number): number => {
  const dx = Math.abs(x) - half + radius
  const dy = Math.abs(y) - half + radius
  return lengthOf(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - radius
}

const moduleDepth = (dark: boolean[][], x: number, y: number): number => {
  const column = Math.floor(x)
  const row = Math.floor(y)
  const line = dark[row]
  if (line?.[column] !== true) return 1
  const u = x - column - 0.5
  const v = y - row - 0.5
  if (line[column + Math.sign(u)] === true || dark[row + Math.sign(v)]?.[column] === true) return -1
  return lengthOf(u, v) - 0.5
}
