/** A fake phone for tests of the demo's runtime: a small compiled mini program in a frame, under the demo's policy. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import type { Browser, Frame, Page } from 'playwright-core'
import type { Test } from 'tap'
import { compileMiniProgram } from '../../src/demo/miniprogram.ts'
import { policy } from '../../src/demo/demo-plugin.ts'
import type { LaunchOptions, NavigationBar, PhoneSettings } from '../../src/demo/runtime/host.ts'
import { writeFiles } from './write-files.ts'

const runtime = join(import.meta.dirname, '../../src/demo/runtime')

export interface MiniProgramServer {
  /** For routes that the mini program calls; to be added before `listen`. */
  readonly app: FastifyInstance
  listen (): Promise<string>
}

/** Serves files (name → text) as a mini program, and a page with a frame around it. */
export const serveMiniProgram = async (t: Test, files: Readonly<Record<string, string>>): Promise<MiniProgramServer> => {
  const folder = await mkdtemp(join(tmpdir(), 'mini-program-'))
  await writeFiles(folder, files)
  const { outputFiles } = await build({
    entryPoints: [join(runtime, 'runtime.ts')], bundle: true, write: false, format: 'esm', target: 'es2022', logLevel: 'silent',
  })
  const app = Fastify({ forceCloseConnections: true })
  t.teardown(async () => {
    await app.close()
    await rm(folder, { recursive: true })
  })
  app.addHook('onRequest', async (_request, reply) => { reply.headers({ 'Content-Security-Policy': policy, 'X-Content-Type-Options': 'nosniff' }) })
  const serve = (path: string, type: string, text: string | undefined): void => {
    app.get(path, async (_request, reply) => reply.type(`${type}; charset=utf-8`).send(text))
  }
  serve('/phone', 'text/html', '<!doctype html><html lang="en"><title>Phone</title><link rel="icon" href="data:,"><link rel="stylesheet" href="phone.css"><iframe title="Mini program"></iframe><script src="phone.js"></script>')
  serve('/phone.css', 'text/css', 'body{margin:0}iframe{display:block;border:0;width:100vw;height:100vh}.dark iframe{color-scheme:dark}')
  serve('/phone.js', 'text/javascript', phoneScript)
  serve('/demo/phone/app', 'text/html', await readFile(join(runtime, 'app.html'), 'utf8'))
  serve('/demo/app/runtime.css', 'text/css', await readFile(join(runtime, 'runtime.css'), 'utf8'))
  serve('/demo/app/runtime.js', 'text/javascript', outputFiles[0]?.text)
  for (const [file, { type, text }] of await compileMiniProgram({ folder, serviceUrl: 'https://login.example.com' })) serve(`/demo/app/${file}`, type, text)
  return { app, listen: () => app.listen({ host: '127.0.0.1', port: 0 }) }
}

const startMs = Date.parse('2026-11-23T02:00:00.000Z')

/** The phone's interface for the mini program; records its calls in `phone`. */
const phoneScript = `
  const given = JSON.parse(new URLSearchParams(location.search).get('phone'))
  window.phone = {
    bars: [], exits: 0, restarts: 0, jsCode: 'js-code', scan: undefined,
    settings: { online: true, clockOffsetMs: 0, fontSizePx: 16, theme: 'light', language: 'en', ...given.settings },
    started: new Promise((resolve) => { window.tellStarted = resolve }),
  }
  document.documentElement.className = phone.settings.theme
  window.miniProgramHost = {
    person: given.person ?? 'Mei',
    launch: { path: 'pages/one/one', query: {}, scene: 1047, ...given.launch },
    settings: () => phone.settings,
    jsCode: async () => { if (phone.jsCode === undefined) throw new Error('system error'); return phone.jsCode },
    scanCode: async () => phone.scan,
    drawBar: (bar) => phone.bars.push(bar),
    exit: () => { phone.exits++ },
    restart: () => { phone.restarts++ },
    started: (running) => { phone.running = running; tellStarted() },
  }
  document.querySelector('iframe').src = 'demo/phone/app'
`

export interface PhoneOptions {
  readonly person?: string
  readonly launch?: Partial<LaunchOptions>
  readonly settings?: Partial<PhoneSettings>
  /** Stops the browser's clock; `page.clock` moves it. */
  readonly clock?: boolean
}

export interface FramedPhone {
  readonly page: Page
  readonly frame: Frame
  /** Errors of the browser's console. */
  readonly errors: readonly string[]
  /** Opens the mini program again, as WeChat does. */
  show (launch?: LaunchOptions): Promise<void>
  hide (): Promise<void>
  back (): Promise<void>
  set (settings: Partial<PhoneSettings>): Promise<void>
  bar (): Promise<NavigationBar | undefined>
}

/** Opens a phone; resolves when the mini program has started, or has failed to start. */
export const openFramedPhone = async (t: Test, browser: Browser, address: string, { clock = false, ...given }: PhoneOptions = {}): Promise<FramedPhone> => {
  const page = await browser.newPage({ viewport: { width: 375, height: 667 }, colorScheme: null, hasTouch: true })
  t.teardown(() => page.close())
  const errors: string[] = []
  page.on('console', (message) => { if (message.type() === 'error') errors.push(message.text()) })
  page.on('pageerror', (error) => errors.push(error.message))
  if (clock) {
    await page.clock.install({ time: startMs })
    await page.clock.pauseAt(startMs + 3600_000) // the installed clock runs on until it is paused; so far ahead that even a busy machine hasn't passed it
  }
  await page.goto(`${address}/phone?phone=${encodeURIComponent(JSON.stringify(given))}`)
  const frame = page.frames().at(-1)
  if (frame === undefined) throw new Error('the phone has no frame')
  await Promise.race([page.evaluate('phone.started'), page.frameLocator('iframe').getByRole('alert').filter({ hasText: /./ }).waitFor()])
  return {
    page,
    frame,
    errors,
    show: (launch) => page.evaluate(`phone.running.show(${JSON.stringify(launch) ?? ''})`),
    hide: () => page.evaluate('phone.running.hide()'),
    back: () => page.evaluate('phone.running.back()'),
    set: (settings) => page.evaluate(`Object.assign(phone.settings, ${JSON.stringify(settings)}); phone.running.settingsChanged()`),
    bar: () => page.evaluate('phone.bars.at(-1)'),
  }
}
