// What a screen reader finds on the phone's screens, by the browser's own accessibility tree: in which order, and everything once.
import { writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { openWindow, serveDemo, type DemoWindow } from '../support/demo-window.ts'
import { buildMmdb, exampleNetworks } from '../support/mmdb.ts'
import { makeFolder } from '../support/service-process.ts'

const chromium = await launchChromium()
t.teardown(() => chromium.close())

interface AxNode { readonly nodeId: string, readonly ignored: boolean, readonly role?: { readonly value: string }, readonly name?: { readonly value: string }, readonly childIds?: readonly string[] }

/** Names of all texts and buttons of the mini program, in the order of the tree; a button, or what has a label, stands for what is in it. */
const spoken = async (window: DemoWindow): Promise<string[]> => {
  const session = await window.page.context().newCDPSession(window.page)
  const { frameTree } = await session.send('Page.getFrameTree')
  const flat = (tree: typeof frameTree): Array<typeof frameTree> => [tree, ...(tree.childFrames ?? []).flatMap(flat)]
  const frameId = flat(frameTree).find(({ frame }) => frame.url.endsWith('/demo/phone/app'))?.frame.id ?? ''
  const { nodes } = await session.send('Accessibility.getFullAXTree', { frameId }) as { nodes: readonly AxNode[] }
  await session.detach()
  const byId = new Map(nodes.map((node) => [node.nodeId, node]))
  const said = ({ ignored, role, name, childIds = [] }: AxNode): string[] => {
    const words = name?.value.replace(/\s+/g, ' ').trim() ?? ''
    if (!ignored && words !== '' && ['button', 'StaticText', 'textbox'].includes(role?.value ?? '')) return [words]
    const own = !ignored && role?.value === 'status' && words !== '' ? [words] : []
    return [...own, ...childIds.flatMap((id) => said(byId.get(id) as AxNode))]
  }
  return said(nodes[0] as AxNode)
}

const open = async (t: Test, environment: Readonly<Record<string, string>> = {}) => {
  const file = `${makeFolder(t)}/places.mmdb`
  writeFileSync(file, buildMmdb(exampleNetworks))
  const server = await serveDemo(t, { GEOIP_FILE: file, TRUST_PROXY: '127.0.0.1', ...environment })
  return await openWindow(t, chromium, server.url)
}

const address = "The login page's address bar must read localhost:"

/** No sentence is there twice. */
const once = (t: Test, texts: readonly string[]): void => {
  const sentences = texts.flatMap((text) => text.split(/(?<=[.?]) /))
  t.strictSame(sentences.filter((sentence, at) => sentences.indexOf(sentence) !== at), [], 'nothing is read twice')
}

await t.test('spoken: title and address come first, then the numbers, each as a number, then "Not me"; after the login, who is logged in', async (t) => {
  const window = await open(t)
  const phone = window.phone()
  await phone.scan()
  const choices = await phone.choices()
  const asked = await spoken(window)
  t.match(asked[0], new RegExp(`^Log in to Island Notes in Chrome on Linux\\? ${address}`))
  t.strictSame(asked.slice(-4), [...choices.map((choice) => `Number ${choice}`), 'Not me'])
  t.match(asked.slice(1, -4).join('|'), /^This computer\|.* · Chrome · Linux\|Tap the number on the login page\|.*Tap "Not me"\.\|The site won't get your WeChat ID or phone number\.$/)
  once(t, asked)
  await phone.button(await window.number()).click()
  await phone.says(/ is logged in to /)
  const done = await spoken(window)
  t.strictSame(done.filter((text) => !text.startsWith('localhost')), ['Chrome on Linux is logged in to Island Notes', 'The login page carries on by itself.', 'Done', 'Not me: log it out', 'My logins'])
  await window.siteSays("You're logged in")
  await phone.button('My logins').click()
  await phone.button(/^Log out Chrome/).waitFor()
  const home = await spoken(window)
  t.strictSame(home.filter((text) => !/ago$|just now/.test(text)), ['WeChat user', 'Set a name', 'Scan to log in', home[3], 'People', "Where you're logged in", 'Chrome · Linux', 'New', 'This computer', 'Log out Chrome · Linux', 'Log out everywhere', 'Delete my data'])
  once(t, home)
})

await t.test('spoken: warnings come right after title and address, and what was typed is said once', async (t) => {
  const window = await open(t, { MATCH_NUMBERS: 'type' })
  for (const [path, ip] of [['**/api/tickets', '198.51.100.7'], ['**/scan', '203.0.113.7']] as const) {
    await window.page.context().route(path, (route) => route.continue({ headers: { ...route.request().headers(), 'x-forwarded-for': ip } }))
  }
  await window.startOver()
  await window.code.waitFor()
  const phone = window.phone()
  await phone.scan()
  await phone.button("It's me").waitFor()
  const warned = await spoken(window)
  t.match(warned[0], new RegExp(`^Log in to .*\\? ${address}\\d+ That device is in San Jose, .* Not a device you're logging in on right now\\? Tap "Not me"\\.$`))
  t.strictSame(warned.slice(-3), ['Is it you logging in?', "It's me", 'Not me'])
  once(t, warned)
  await phone.button("It's me").click()
  await phone.type('4')
  const typing = await spoken(window)
  t.equal(typing[0], warned[0])
  const from = typing.indexOf('Typed: 4')
  t.strictSame(typing.slice(from), ['Typed: 4', ...'123456789', 'Delete', '0', 'Log in', "The site won't get your WeChat ID or phone number.", 'Not me'])
  once(t, typing.slice(0, from)) // so the warning alone says when to refuse
})
