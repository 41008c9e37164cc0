// The simulated phone in a real browser: it gets to a ticket by reading the picture of the code, and by nothing else.
import t from 'tap'
import Fastify from 'fastify'
import { encode } from 'fast-png'
import { demoPhonePlugin } from '../../src/demo/phone-plugin.ts'
import { drawCode } from '../../src/demo/wechat-simulator/code-image.ts'
import { launchChromium } from '../support/chromium.ts'

const ticket = 'AbCd-fGhIj_lMnOpQrSt12'
const code = `pages/login/login?scene=${ticket}`

/** What the login page in the frame holds, and the picture there. */
let markup = ''
let picture: Buffer = Buffer.alloc(0)
const scans: string[] = []

const app = Fastify()
app.get('/x/login', async (_request, reply) => reply.type('text/html').send(`<!doctype html><script type="module" src="login.js"></script>${markup}`))
app.get('/x/login.js', async (_request, reply) => reply.type('text/javascript').send(`
  const host = document.querySelector('[data-shadow]')
  if (host) host.attachShadow({ mode: 'open' }).innerHTML = '<img src="picture">'`))
app.get('/x/picture', async (_request, reply) => reply.type(picture[0] === 0xff ? 'image/jpeg' : 'image/png').send(picture))
app.post('/x/api/phone/login', async () => ({
  key_id: 'key_1', key: Buffer.alloc(32).toString('base64url'), expires_in: 3600, server_time: Math.floor(Date.now() / 1000), user: { sub: 'sub', name: null },
}))
app.get('/x/api/phone/sessions', async () => ({ sessions: [] }))
app.post<{ Params: { ticket: string } }>('/x/api/phone/tickets/:ticket/scan', async (request) => {
  scans.push(request.params.ticket)
  return {
    state: 'scanned',
    version: 2,
    expires_in: 100,
    site: { name: 'Acme', origin: 'https://acme.example' },
    browser: { name: 'Chrome', system: 'Linux', ip: '::1', place: null },
    created_at: new Date().toISOString(),
    match_choices: ['12', '47', '83'],
  }
})
await app.register(demoPhonePlugin, { prefix: '/x', wechat: { jsCode: (person: string) => `js-code-${person}` }, serviceUrl: 'http://localhost/x' })
const address = await app.listen({ host: '127.0.0.1', port: 0 })
const browser = await launchChromium()
t.teardown(async () => {
  await browser.close()
  await app.close()
})

/** Opens the demo on a login page and scans; gives the phone. */
const scanIn = async (login: string, bytes: Buffer) => {
  markup = login
  picture = bytes
  scans.length = 0
  const page = await browser.newPage()
  t.teardown(() => page.close())
  await page.goto(`${address}/x/demo?lang=en`, { waitUntil: 'networkidle' })
  const phone = page.frameLocator('.phone-frame')
  await phone.getByRole('button', { name: 'Scan to log in' }).click()
  return phone
}

await t.test('simulated phone: asks for the ticket of the code when the picture is PNG or JPEG, in the page or inside an element', async (t) => {
  for (const [format, login] of [['png', '<img src="picture">'], ['jpeg', '<img src="picture" width="240">'], ['jpeg', '<div data-shadow></div>']] as const) {
    const phone = await scanIn(login, drawCode(code, 430, format))
    await phone.getByRole('button', { name: '47' }).waitFor()
    t.strictSame(scans, [ticket], `${format}: ${login}`)
    t.equal(await phone.getByRole('heading', { level: 1 }).innerText(), 'Log in to Acme?')
  }
})

await t.test('simulated phone: sees no code when none is shown', async (t) => {
  const blank = Buffer.from(encode({ width: 60, height: 60, data: new Uint8Array(60 * 60 * 4).fill(255) }))
  for (const [login, bytes] of [['<p>47</p>', blank], ['<img src="picture">', blank], ['<img src="picture" hidden>', drawCode(code, 430, 'png')]] as const) {
    const phone = await scanIn(login, bytes)
    await phone.getByText('No code in view').waitFor()
    t.strictSame(scans, [], login)
  }
})

await t.test('simulated phone: goes nowhere when the code is somebody else\'s', async (t) => {
  const phone = await scanIn('<img src="picture">', drawCode('https://evil.example/?scene=AbCd-fGhIj_lMnOpQrSt12', 430, 'png'))
  await phone.getByText("That isn't a login code of this site").waitFor()
  t.strictSame(scans, [])
})

await t.test('simulated phone: reads a screenshot when it stands in a tab of its own', async (t) => {
  const screen = await browser.newPage({ viewport: { width: 1600, height: 1000 } })
  picture = drawCode(code, 430, 'png')
  markup = '<body style="background:#123"><h1>Some page</h1><img src="picture" width="200" style="margin:300px 700px">'
  await screen.goto(`${address}/x/login`)
  const screenshot = await screen.screenshot()
  await screen.close()
  scans.length = 0
  const page = await browser.newPage()
  t.teardown(() => page.close())
  await page.goto(`${address}/x/demo/phone?person=Mei&lang=en`)
  await page.getByRole('button', { name: 'Scan to log in' }).click()
  await page.getByText('Paste or drop a screenshot of the code here').waitFor()
  const give = (name: string, mimeType: string, buffer: Buffer) => page.locator('input[type=file]').setInputFiles({ name, mimeType, buffer })
  await give('note.png', 'image/png', Buffer.from('no picture'))
  await page.getByText("That file isn't a picture").waitFor()
  await give('screen.png', 'image/png', screenshot)
  await page.getByRole('button', { name: '47' }).waitFor()
  t.strictSame(scans, [ticket])
})
