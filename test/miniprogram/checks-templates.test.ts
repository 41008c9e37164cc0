// The type check of templates.
import t from 'tap'
import type { Test } from 'tap'
import { typeProject } from '../../.ci/miniprogram/program.ts'
import { checkTemplates } from '../../.ci/miniprogram/wxml-types.ts'
import { readProject } from '../../src/demo/miniprogram/project.ts'
import { builtInTags } from '../../src/demo/miniprogram/wxml.ts'
import { smallMiniProgram, writeSmallMiniProgram } from '../support/small-miniprogram.ts'
import type { Files } from '../support/write-files.ts'

/** Each problem as `file:line:column message`. */
const check = async (t: Test, changes: Files): Promise<string[]> => {
  const folder = await writeSmallMiniProgram(t, changes)
  return checkTemplates(typeProject(folder, await readProject(folder))).map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`).sort()
}

/** Lines of a template, each with the problems expected in it, by column. */
const lines: ReadonlyArray<readonly [string, readonly string[]]> = [
  // Data
  ['<view class="a {{screen.busy ? 1 : 2}}">{{screen.title}}</view>', []],
  ['<view>{{title}}</view>', ['9 the data has no "title"']],
  ['<view>{{screen.titel}}</view>', ['16 screen has no "titel", did you mean "title"?']],
  ['<view class="{{screen.gone ? \'\' : \'a\'}}" style="{{screen.lost}}" wx:if="{{screen.off}}" />', ['23 screen has no "gone"', '58 screen has no "lost"', '82 screen has no "off"']],
  ['<view class="{{screen.size}}" />', ['7 class and style take text: Type \'number\' is not assignable to type \'string\'.']],
  ['<view data-id="{{screen.gone}}" />', ['25 screen has no "gone"']],
  ['<text>{{screen.words.twice(screen.title)}}</text>', ['22 This expression is not callable. Type \'never\' has no call signatures.']],
  // Items
  ['<view wx:for="{{screen.rows}}" wx:key="id">{{item.count + index}}</view>', []],
  ['<view wx:for="{{screen.rows}}" wx:for-item="row" wx:key="id">{{row.label}}</view>', ['68 row has no "label"']],
  ['<view wx:for="{{screen.gone}}" wx:key="id" />', ['24 screen has no "gone"']],
  ['<view wx:for="{{screen.rows}}" wx:key="name" />', ['32 wx:key names no text or number of the items']],
  ['<view wx:for="{{screen.rows}}" wx:key="*this" />', ['32 wx:key names no text or number of the items']],
  // Tags
  ['<swiper><view /></swiper>', ['2 <swiper> is not a tag that the mini program may use']],
  ['<vieww />', ['2 <vieww> is not a tag that the mini program may use']],
  ['<block wx:if="{{screen.busy}}"><view /></block>', []],
  // Attributes
  ['<button hover-class="a" disabled aria-label="{{screen.title}}" aria-hidden="true" aria-role="link" />', []],
  ['<button hoverclass="a" />', ['9 <button> has no attribute "hoverclass", did you mean "hover-class"?']],
  ['<view disabled="{{screen.busy}}" />', ['7 <view> has no attribute "disabled"']],
  ['<button open-type="share" />', ['9 <button> has no attribute "open-type"']],
  ['<button disabled="{{screen.title}}" />', ['9 attribute "disabled" of <button>: Type \'string\' is not assignable to type \'boolean\'.']],
  ['<button disabled="false" />', ['9 attribute "disabled" of <button>: Type \'string\' is not assignable to type \'boolean\'.']],
  ['<input type="text" maxlength="32" value="{{screen.title}}" placeholder="a \'b\'" confirm-type="done" />', []],
  ['<input maxlength="many" />', ['8 attribute "maxlength" of <input>: Type \'"many"\' is not assignable to type \'number\'.']],
  ['<input type=\'number\' />', ['8 attribute "type" of <input>: Type \'"number"\' is not assignable to type \'"text"\'.']],
  // Events
  ['<button data-id="a" bind:tap="onTap" catch:tap="onNothing" /> <input bind:input="onInput" bind:blur="onInput" />', []],
  ['<button bind:tap="onTop" />', ['19 there is no handler "onTop", did you mean "onTap"?']],
  ['<button bind:tap="data" />', ['19 there is no handler "data"']],
  ['<button bind:tap="{{screen.busy}}" />', ['14 a handler is the name of a method: Type \'boolean\' is not assignable to type \'Function\'.']],
  ['<button bindtap="onTap" />', ['9 write bind:tap instead of bindtap']],
  ['<button catchtap="onTap" />', ['9 write catch:tap instead of catchtap']],
  ['<button bind:tapp="onNothing" />', ['20 <button> has no event "tapp"']],
  ['<page-meta bind:tap="onNothing" />', ['22 <page-meta> has no event "tap"']],
  ['<button bind:tap="onLoad" />', ['19 handler "onLoad" cannot take the event "tap" of <button>']],
  ['<button bind:tap="onInput" />', ['19 handler "onInput" cannot take the event "tap" of <button>']],
  ['<input data-id="a" bind:input="onTap" />', ['32 handler "onTap" cannot take the event "input" of <input>']],
  // Datasets
  ['<button data-id="{{screen.title}}" data-more="{{screen.busy}}" bind:tap="onTap" />', []],
  ['<button data-id="a{{screen.size}}" bind:tap="onTap" /> <button data-id="a" bind:tap="onTap" /> <button data-id="{{screen.busy ? \'a\' : screen.title}}" bind:tap="onTap" />', []],
  ['<button wx:for="{{screen.rows}}" wx:key="id" data-row-count="{{-item.count}}" data-on="{{!item.id}}" bind:tap="onCount" />', []],
  ['<button bind:tap="onTap" />', ['19 handler "onTap" reads the dataset\'s "id": <button> has no data-id']],
  ['<view data-id="a"><button bind:tap="onTap" /></view>', ['37 handler "onTap" reads the dataset\'s "id": <button> has no data-id']],
  ['<button data-id="{{screen.size}}" bind:tap="onTap" />', ['9 handler "onTap" reads "id" as string, which number is not']],
  ['<button data-row-count="2" bind:tap="onCount" />', ['9 handler "onCount" reads "rowCount" as number, which "2" is not']],
  ['<button data-rowCount="{{2}}" bind:tap="onCount" />', ['41 handler "onCount" reads the dataset\'s "rowCount": <button> has no data-row-count']],
  ['<button data-row-count="{{2}}" data-on="yes" bind:tap="onCount" />', ['32 handler "onCount" reads "on" as boolean | undefined, which "yes" is not']],
  // Components of our own
  ['<my-card title="{{screen.title}}" size="{{2}}" bind:whatever="onNothing" />', []],
  ['<my-card titel="a" />', ['10 <my-card> has no attribute "titel", did you mean "title"?']],
  ['<my-card size="{{screen.title}}" />', ['10 attribute "size" of <my-card>: Type \'string\' is not assignable to type \'number\'.']],
  // Columns count as in an editor, also after characters of several bytes.
  ['<view aria-label="扫码😀">{{gone}}</view>', ['27 the data has no "gone"']],
]

await t.test('templates: each fault is found where it is, and nothing else', async (t) => {
  const found = await check(t, { 'pages/home/home.wxml': lines.map(([line]) => line).join('\n') })
  for (const [index, [line, expected]] of lines.entries()) {
    const start = `pages/home/home.wxml:${index + 1}:`
    const here = found.filter((problem) => problem.startsWith(start)).map((problem) => problem.slice(start.length).replace(/( cannot take .*?): Type.*/, '$1'))
    t.strictSame(here, expected, line)
  }
  t.ok(found.every((problem) => problem.startsWith('pages/home/home.wxml:')), 'only in the page')
})

await t.test('templates: every tag that the demo draws may be used', async (t) => {
  t.strictSame(await check(t, { 'pages/home/home.wxml': builtInTags.map((tag) => `<${tag} />`).join('\n') }), [])
})

await t.test('templates: a component is checked against its own data and methods', async (t) => {
  const wxml = '<view bind:tap="onClose">{{title}} {{size}} {{open}} {{screen}}</view>'
  t.strictSame(await check(t, { 'components/card/card.wxml': wxml }), [
    'components/card/card.wxml:1:17 there is no handler "onClose"',
    'components/card/card.wxml:1:56 the data has no "screen"',
  ])
})

await t.test('templates: what the template compiler only warns about is refused', async (t) => {
  const cases: ReadonlyArray<readonly [string, string]> = [
    ['<view>\n<text></view>', '2:2 missing end tag'],
    ['<view wx:elif="{{true}}" />', '1:7 invalid attribute'],
    ['<view>{{ screen. }}</view>', '1:18 not a valid identifier'],
    ['<view id="a" id="b" />', '1:14 duplicated attribute'],
    ['<text />\n<template name="a" />', '2:1 the checks cannot see into a <template>: write it out'],
    ['<include src="../../components/card/card" />', '1:1 the checks cannot see into another template: write it out'],
    ['<wxs module="m">exports.a = 1</wxs>', '1:1 a <wxs> script is not checked: compute it in the page'],
  ]
  for (const [wxml, expected] of cases) t.strictSame(await check(t, { 'pages/home/home.wxml': wxml }), [`pages/home/home.wxml:${expected}`], wxml)
})

await t.test('templates: a page whose data cannot be known is refused', async (t) => {
  const message = 'pages/home/home.ts:1:1 must call Page({…}) once, as a statement of its own: its template cannot be checked otherwise'
  for (const script of ['', 'const options = {}\nif (true) Page(options)', 'Page({})\nPage({})', 'Component({})']) {
    t.strictSame(await check(t, { 'pages/home/home.ts': script }), [message], script)
  }
})

await t.test('templates: a page without data has none', async (t) => {
  const found = await check(t, { 'pages/home/home.ts': 'Page({ onTap () {} })', 'pages/home/home.wxml': '<view bind:tap="onTap" />\n{{anything}}' })
  t.strictSame(found, ['pages/home/home.wxml:2:3 the data has no "anything"'])
})

await t.test('templates: the mini program that the other tests plant faults in has none', async (t) => {
  t.strictSame(await check(t, smallMiniProgram), [])
})
