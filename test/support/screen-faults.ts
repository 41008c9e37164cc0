/** What is wrong with a screen of the mini program in the demo, as far as a program can see. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Frame } from 'playwright-core'
import type { DemoServer, DemoWindow } from './demo-window.ts'

const axe = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')

/** Faults of the shown screen: what axe reports, what overflows sideways, and buttons that are too low for a finger. */
export const faultsOf = async (app: Frame): Promise<string[]> => {
  await app.evaluate(axe)
  return await app.evaluate(faults)
}

const faults = `(async () => {
  const { violations } = await axe.run()
  const shown = [...document.querySelectorAll('body *')].filter((element) => element.checkVisibility() && element.getBoundingClientRect().width > 0)
  const describe = (fault, elements) => elements.map((element) => fault + ': ' + element.outerHTML)
  return [
    ...violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join()),
    ...describe('overflows', shown.filter((element) => element.getBoundingClientRect().left < -0.5 || element.getBoundingClientRect().right > innerWidth + 0.5)),
    ...describe('is cut off', shown.filter((element) => element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0 && !element.matches('input, .spoken'))),
    ...describe('is too low', shown.filter((element) => element.matches('button, input') && element.getBoundingClientRect().height < 44)),
  ]
})()`

/** The frame of the first phone's mini program. */
export const appOf = ({ page }: DemoWindow, { url }: DemoServer): Frame => {
  const app = page.frames().find((frame) => frame.url() === `${url}/demo/phone/app`)
  if (app === undefined) throw new Error('the mini program is not open')
  return app
}
