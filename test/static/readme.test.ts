/** What the READMEs say of the element is what its declarations say. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { repository } from '../support/readmes.ts'

const read = (name: string): string => readFileSync(join(repository, 'static', name), 'utf8')
const declarations = read('scan-login.d.ts')
const namesIn = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)

/** What the declarations' comment lists after a word. */
const declared = (word: string): string[] => namesIn(new RegExp(` ${word}: ([^.]+)\\.`).exec(declarations)?.[1] ?? '')
const [, eventMap = ''] = /interface ScanLoginEventMap \{([^]*?)\n\}/.exec(declarations) ?? []
const [, troubles = ''] = /type ScanLoginTrouble = (.+)/.exec(declarations) ?? []

for (const [file, titles] of [
  ['README.md', { attributes: 'Attributes', events: 'Events', slots: 'slots', parts: 'parts (`::part()`)', properties: 'properties' }],
  ['README.zh-CN.md', { attributes: '属性', events: '事件', slots: '插槽', parts: '部件（`::part()`）', properties: '属性' }],
] as const) {
  const text = read(file)
  const section = (title: string): string => text.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? ''
  const firstCells = (title: string): string[] => [...section(title).matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name = '']) => name)
  const row = (title: string): string[] => namesIn(text.split('\n').find((line) => line.startsWith(`| ${title} | \``))?.slice(`| ${title} |`.length) ?? '')

  await t.test(`static/${file}: it lists every attribute, event, reason, slot, part and property of the element, and no other`, async (t) => {
    t.strictSame(firstCells(titles.attributes).sort(), [...declarations.matchAll(/^ \* - `([a-z-]+)`:/gm)].map(([, name = '']) => name).sort())
    t.strictSame(firstCells(titles.events), [...eventMap.matchAll(/^ {2}(\w+): CustomEvent/gm)].map(([, name]) => name))
    const [, reasons = ''] = /`reason`[：:](.+)/.exec(section(titles.events)) ?? []
    t.strictSame(namesIn(reasons), [...troubles.matchAll(/'([^']+)'/g)].map(([, name]) => name))
    t.strictSame(row(titles.slots), ['above', 'below'])
    t.strictSame(row(titles.parts), declared('Parts'))
    t.strictSame(row(titles.properties), declared('Properties'))
    t.ok(firstCells(titles.events).length > 5)
  })
}
