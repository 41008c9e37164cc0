// The simulated phone's camera in a real browser: it reads codes from pictures, never from the page's DOM.
import { encode } from 'fast-png'
import t from 'tap'
import { pictureOf, startDemo } from '../support/demo-phone.ts'

const { address, openDemoPhone, openDemoPage } = await startDemo(t)
const code = 'pages/login/login?scene=AbCd-fGhIj_lMnOpQrSt12'
const launch = { path: 'pages/login/login', query: { scene: 'AbCd-fGhIj_lMnOpQrSt12' }, scene: 1047 }
const inShadow = "<div></div><script>document.querySelector('div').attachShadow({ mode: 'open' }).innerHTML = '<img src=\"picture\">'</script>"

await t.test('camera: the code is read when its picture is PNG or JPEG, in the page or in a shadow root', async (t) => {
  for (const [format, html] of [['png', '<img src="picture">'], ['jpeg', '<img src="picture" width="240">'], ['jpeg', inShadow]] as const) {
    const { show, scan, calls } = await openDemoPhone(t)
    await show({ html, picture: pictureOf(code, format) })
    await scan()
    t.strictSame(await calls(), [['launch', launch]], `${format}: ${html}`)
  }
})

await t.test('camera: no code is found when none is visible', async (t) => {
  const blank = Buffer.from(encode({ width: 60, height: 60, data: new Uint8Array(60 * 60 * 4).fill(255) }))
  const { phone, show, calls } = await openDemoPhone(t)
  for (const [html, picture] of [['<p>47</p>', blank], ['<img src="picture">', blank], ['<img src="picture" hidden>', pictureOf(code)]] as const) {
    await show({ html, picture })
    await phone.getByRole('button', { name: 'Scan', exact: true }).click()
    await phone.getByText('No code in view').waitFor()
    await phone.getByRole('button', { name: 'Back' }).click()
    t.strictSame(await calls(), [], html)
  }
})

await t.test('camera: a screenshot is read, with the scene of a picture, when the phone has a tab of its own', async (t) => {
  const { page: window, show } = await openDemoPhone(t, { viewport: { width: 1600, height: 1000 } })
  await show({ html: '<body style="background:#123"><h1>Some page</h1><img src="picture" width="200" style="margin:300px 700px">', picture: pictureOf(code) })
  await window.goto(`${address}/x/login`)
  const screenshot = await window.screenshot()
  const page = await openDemoPage(t, '/demo/phone?person=Mei')
  const calls = () => page.evaluate('window.calls')
  const give = (name: string, mimeType: string, buffer: Buffer) => page.locator('#picture').setInputFiles({ name, mimeType, buffer })
  await page.getByRole('button', { name: 'Scan', exact: true }).click()
  await page.getByText('Paste or drop a screenshot of the code here').waitFor()
  t.equal(await page.getByRole('button', { name: 'Scan again' }).count(), 0, 'no page to scan')
  await give('note.png', 'image/png', Buffer.from('no picture'))
  await page.getByText("That file isn't a picture").waitFor()
  await give('other.png', 'image/png', pictureOf('https://example.com'))
  await page.getByText("That isn't a mini-program code").waitFor()
  t.equal(await calls(), undefined)
  await give('screen.png', 'image/png', screenshot)
  await page.getByRole('heading', { name: 'Confirm' }).waitFor()
  t.strictSame(await calls(), [['launch', { ...launch, scene: 1049 }]])
})

await t.test('camera: a pasted or dropped picture is read when the camera is open, and ignored otherwise', async (t) => {
  const page = await openDemoPage(t, '/demo/phone?person=Mei')
  const bytes = pictureOf(code).toString('base64')
  const hand = (kind: 'paste' | 'drop') => page.evaluate(`(() => {
    const data = new DataTransfer()
    data.items.add(new File([Uint8Array.from(atob('${bytes}'), (each) => each.charCodeAt(0))], 'code.png', { type: 'image/png' }))
    const event = '${kind}' === 'paste'
      ? new ClipboardEvent('paste', { clipboardData: data, bubbles: true })
      : new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })
    document.querySelector('#camera').dispatchEvent(event)
  })()`)
  for (const kind of ['paste', 'drop'] as const) {
    await hand(kind)
    await page.getByRole('button', { name: 'Scan', exact: true }).click()
    await page.getByText('Paste or drop a screenshot of the code here').waitFor()
    await hand(kind)
    await page.getByRole('heading', { name: 'Confirm' }).waitFor()
    await page.getByRole('button', { name: 'Close' }).click()
  }
  t.strictSame(await page.evaluate('window.calls'), [['launch', { ...launch, scene: 1049 }], ['hide'], ['show', { ...launch, scene: 1049 }], ['hide']])
})
