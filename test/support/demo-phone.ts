/** The demo's phone in Chromium, beside a page with a code, with a stub in place of the mini program. */
import Fastify from 'fastify'
import type { BrowserContextOptions, FrameLocator, Page } from 'playwright-core'
import type { Test } from 'tap'
import { demoPlugin } from '../../src/demo/demo-plugin.ts'
import { drawCode } from '../../src/demo/wechat-simulator/code-image.ts'
import { launchChromium } from './chromium.ts'

/** Uses the phone's interface as the runtime does, and records the phone's calls in the phone's window, where they survive a reload of the frame. */
const stub = `<!doctype html><title>Stub</title><button>A page</button><p></p><script>
const host = parent.miniProgramHost
const calls = parent.calls ??= []
document.querySelector('p').textContent = host.launch.path
calls.push(['launch', host.launch])
host.drawBar({ title: 'Confirm', background: '#123456', text: 'white', canGoBack: true })
host.started({
  show: (...launch) => calls.push(['show', ...launch]),
  hide: () => calls.push(['hide']),
  back: () => calls.push(['back']),
  settingsChanged: () => calls.push(['settings', host.settings()]),
})
</script>`

/** The content of the login page's frame. */
export interface LoginFrame {
  readonly html: string
  readonly picture: Buffer
}

export interface DemoPhone {
  readonly page: Page
  readonly phone: FrameLocator
  /** Changes the login page's frame, and waits until it is loaded. */
  show (frame: Partial<LoginFrame>): Promise<void>
  /** Returns the calls recorded since the last time. */
  calls (): Promise<unknown[]>
  /** Runs in the stub, where `host` is the phone's interface. */
  inFrame (script: string): Promise<unknown>
  /** Runs in the phone's own page. */
  inPhone (script: string): Promise<unknown>
  /** Scans the login page's code, and waits until the mini program is open. */
  scan (): Promise<void>
}

const initialFrame: LoginFrame = { html: '<img src="picture">', picture: drawCode('pages/login/login?scene=first', 430, 'png') }

export const pictureOf = (text: string, format: 'png' | 'jpeg' = 'png'): Buffer => drawCode(text, 430, format)

/** Serves the demo until the test ends. `openDemoPhone` opens its window with one phone, `openDemoPage` any of its pages. */
export const startDemo = async (t: Test) => {
  let loginFrame = initialFrame
  const people: string[] = []
  const app = Fastify()
  app.get('/x/login', async (_request, reply) => reply.type('text/html').send(`<!doctype html>${loginFrame.html}`))
  app.get('/x/picture', async (_request, reply) => reply.type(loginFrame.picture[0] === 0xff ? 'image/jpeg' : 'image/png').send(loginFrame.picture))
  await app.register(demoPlugin, { prefix: '/x', serviceUrl: 'http://localhost/x', wechat: { jsCode: (person: string) => `js-code-${people.push(person)}` }, admission: { registration: 'open' } })
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  const browser = await launchChromium()
  t.teardown(async () => {
    await browser.close()
    await app.close()
  })

  /** Without an emulated colour scheme by default: it would override the phone's inside its frame. */
  const openDemoPage = async (t: Test, path: string, options: BrowserContextOptions = {}): Promise<Page> => {
    const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 800 }, colorScheme: null, ...options })
    t.teardown(() => context.close())
    await context.route('**/demo/phone/app', (route) => route.fulfill({ contentType: 'text/html', body: stub }))
    const page = await context.newPage()
    page.on('pageerror', (error) => t.fail(`a page threw: ${error.message}`))
    page.on('console', (message) => { if (message.type() === 'error') t.fail(`console error: ${message.text()}`) })
    await page.goto(`${address}/x${path}`)
    return page
  }

  const openDemoPhone = async (t: Test, options: BrowserContextOptions = {}): Promise<DemoPhone> => {
    loginFrame = initialFrame
    const page = await openDemoPage(t, '/demo', options)
    const phone = page.frameLocator('.phone-frame')
    const run = (file: string, script: string): Promise<unknown> => {
      const frame = page.frames().find((each) => new URL(each.url()).pathname.endsWith(file))
      if (frame === undefined) throw new Error(`no frame shows ${file}`)
      return frame.evaluate(script)
    }
    return {
      page,
      phone,
      show: async (next) => {
        loginFrame = { ...loginFrame, ...next }
        await page.evaluate(`new Promise((resolve) => {
          const login = document.querySelector('iframe[data-login]')
          login.onload = resolve
          login.src = 'login'
        }).then(() => undefined)`)
      },
      calls: () => run('/demo/phone', '(window.calls ?? []).splice(0)') as Promise<unknown[]>, // the record is a list
      inFrame: (script) => run('/demo/phone/app', script),
      inPhone: (script) => run('/demo/phone', script),
      scan: async () => {
        await phone.getByRole('button', { name: 'Scan', exact: true }).click()
        await phone.frameLocator('iframe').getByText('A page').waitFor()
        await phone.getByRole('heading', { name: 'Confirm' }).waitFor()
      },
    }
  }

  return { address, people, openDemoPhone, openDemoPage }
}
