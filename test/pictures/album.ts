/** Photographs of one group of states, and their contact sheets: a row for each state, a column for each language and theme. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser } from 'playwright-core'
import type { Test } from 'tap'

export interface Studio {
  readonly t: Test
  readonly browser: Browser
  readonly album: Album
}

export interface Album {
  /** `windowHeight` is the height of the window in the picture's own pixels: a longer picture was scrolled. */
  add (picture: { readonly state: string, readonly size: string, readonly column: string, readonly png: Buffer, readonly windowHeight: number }): void
  /** Writes the sheets and returns their paths. */
  print (browser: Browser, folder: string): Promise<string[]>
}

/** Pixels of a sheet. A viewer that shrinks pictures to 2000 pixels leaves these readable. */
const sheetWidth = 1884
const sheetHeight = 1800
const gap = 12
const labelHeight = 24
/** Six in a line; of wide pictures three. */
const cellWidthOf = (width: number): number => width > 600 && width !== 760 ? 612 : 300

interface Cell { readonly column: string, readonly png: Buffer, readonly width: number, readonly height: number, readonly windowHeight: number }

export const createAlbum = (group: string): Album => {
  /** Size, then state, then columns. */
  const sizes = new Map<string, Map<string, Cell[]>>()

  const rowsOf = (states: Map<string, Cell[]>) => [...states].map(([state, cells]) => {
    const cellWidth = cellWidthOf(cells[0]?.width ?? 0)
    const height = Math.max(...cells.map((cell) => cell.height * cellWidth / cell.width)) * Math.ceil(cells.length * (cellWidth + gap) / sheetWidth)
    const html = `<h2>${state}</h2><div>${cells.map(({ column, png, width, windowHeight }) => `<figure style="width:${cellWidth}px"><img src="data:image/png;base64,${png.toString('base64')}"><i style="top:${windowHeight * cellWidth / width}px"></i><figcaption>${column}</figcaption></figure>`).join('')}</div>`
    return { height: height + 3 * labelHeight, html }
  })

  return {
    add: ({ state, size, column, png, windowHeight }) => {
      const states = sizes.get(size) ?? new Map<string, Cell[]>()
      sizes.set(size, states)
      states.set(state, [...states.get(state) ?? [], { column, png, width: png.readUInt32BE(16), height: png.readUInt32BE(20), windowHeight }]) // of PNG's first chunk
    },
    print: async (browser, folder) => {
      const page = await browser.newPage()
      const sheets: string[] = []
      for (const [size, states] of sizes) {
        const parts: ReturnType<typeof rowsOf>[] = []
        let left = 0
        for (const row of rowsOf(states)) {
          if (row.height > left) {
            parts.push([])
            left = sheetHeight
          }
          parts.at(-1)?.push(row)
          left -= row.height
        }
        for (const [at, rows] of parts.entries()) {
          const name = join(folder, `${group}-${size.replace(/\W+/g, '-')}-${at + 1}`)
          writeFileSync(`${name}.html`, `<!doctype html><meta charset="utf-8"><style>${style}</style><h1>${group}, ${size}, ${at + 1} of ${parts.length}</h1>${rows.map(({ html }) => html).join('')}`)
          await page.setViewportSize({ width: sheetWidth, height: 400 })
          await page.goto(pathToFileURL(`${name}.html`).href)
          await page.screenshot({ path: `${name}.png`, fullPage: true })
          rmSync(`${name}.html`)
          sheets.push(`${name}.png`)
        }
      }
      await page.close()
      return sheets
    },
  }
}

const style = readFileSync(join(import.meta.dirname, 'album.css'), 'utf8')
