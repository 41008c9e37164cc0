import { decode as decodePng } from 'fast-png'
import { decode as decodeJpeg } from 'jpeg-js'
import decodeQR from 'qr/decode.js'
import t from 'tap'
import { drawCode } from '../../../src/demo/wechat-simulator/code-image.ts'

const texts = ['aaaaaaaaaaaaaaaaaaaaaa', '0000000000000000000000', '_-_-_-_-_-_-_-_-_-_-_-', 'AbCdEfGhIjKlMnOpQrStUv', 'zZ9-_zZ9-_zZ9-_zZ9-_zZ']
  .map((scene) => `pages/login/login?scene=${scene}`)

for (const format of ['png', 'jpeg'] as const) {
  for (const widthPx of [280, 480, 1280]) {
    await t.test(`code image: it is readable and has its quiet zone when it is a ${format} of ${widthPx} pixels`, async (t) => {
      // Large pictures are slow to draw and easy to read.
      for (const text of widthPx > 480 ? texts.slice(-1) : texts) {
        const file = drawCode(text, widthPx, format)
        const { width, height, data } = format === 'png' ? decodePng(file) : decodeJpeg(file, { useTArray: true })
        t.strictSame([width, height], [widthPx, widthPx])
        const pixels = Uint8Array.from(data)
        t.equal(decodeQR({ width, height, data: pixels }, { effort: Infinity, timeLimit: Infinity }), text)

        // Four of 41 modules on each side; half a module less, since JPEG blurs the edge.
        const quietPx = Math.floor(widthPx * 3.5 / 41)
        const isQuiet = (position: number) => position < quietPx || position >= widthPx - quietPx
        let darkPixels = 0
        for (let n = 0; n < widthPx * widthPx; n++) {
          if ((isQuiet(n % widthPx) || isQuiet(Math.floor(n / widthPx))) && pixels[n * 4]! < 240) darkPixels++ // the index is within the picture
        }
        t.equal(darkPixels, 0)
      }
    })
  }
}
