/** The page on which an owner decides who may come in. list.ts has its logic, screen.ts the data of its template. */
import { listedStates } from '../../utils/answers'
import { isConfirmed } from '../../utils/dialog'
import type { Decision } from '../../utils/service'
import { service, words } from '../../utils/shared'
import { createPeopleList } from './list'
import type { PeopleList } from './list'
import type { PersonRow } from './screen'
import { peopleScreenOf, whoIs, whoIsBriefly } from './screen'

const searchMs = 300 // a search begins once nothing has been typed for this long
const armMs = 600 // buttons have moved, or are others now: a finger that is still on its way would decide about somebody else, or something else

const nothingYet = { state: 'waiting', search: '', people: undefined, next: null, isLoadingMore: false, failure: undefined, busyId: undefined, refused: undefined } as const
/** What the buttons of a row would do. */
const buttonsOf = (row: PersonRow | undefined): string => row === undefined ? '' : [row.id, ...row.actions.map(({ name }) => name)].join()

const { searchLabel, searchPlaceholder, clearSearch, tryAgain, home } = words

Page({
  data: {
    words: { searchLabel, searchPlaceholder, clearSearch, tryAgain, home },
    screen: peopleScreenOf(nothingYet, undefined, words, 0),
    /** What the search's input holds when the page sets it. */
    input: '',
    isSearching: false,
    /** The buttons that decide something react. */
    isArmed: true,
  },

  list: undefined as PeopleList | undefined,
  searchTimer: 0,
  armTimer: 0,
  /** A question is being asked: a second tap asks no other. */
  isAsking: false,

  /** With `state`, the people of that state are listed. */
  onLoad (query: Record<string, string | undefined>) {
    const state = listedStates.find((one) => one === query.state) ?? 'waiting'
    this.list = createPeopleList(service, state, () => this.draw())
    wx.setNavigationBarTitle({ title: words.people })
    this.draw()
  },

  async onShow () {
    await this.list?.refresh()
  },

  onUnload () {
    clearTimeout(this.searchTimer)
    clearTimeout(this.armTimer)
    this.list = undefined // an answer that comes later is not drawn
  },

  async onPullDownRefresh () {
    await this.list?.refresh()
    wx.stopPullDownRefresh()
  },

  async onReachBottom () {
    await this.list?.more()
  },

  draw () {
    if (this.list === undefined) return
    const screen = peopleScreenOf(this.list.view(), this.list.ownId(), words, service.serverNow())
    const before = this.data.screen.people
    const haveChanged = before.some((row, index) => buttonsOf(row) !== buttonsOf(screen.people[index]))
    if (haveChanged) this.arm()
    this.setData({ screen })
  },

  /** Lets the buttons react once they have been the same for a while. */
  arm () {
    clearTimeout(this.armTimer)
    this.setData({ isArmed: false })
    this.armTimer = setTimeout(() => { this.setData({ isArmed: true }) }, armMs)
  },

  async onSegment (event: WechatMiniprogram.TouchEvent<object, object, { state: string }>) {
    const state = listedStates.find((one) => one === event.currentTarget.dataset.state)
    if (state !== undefined) await this.list?.choose(state)
  },

  onSearch (event: WechatMiniprogram.Input) {
    const { value } = event.detail
    this.setData({ isSearching: value !== '' })
    clearTimeout(this.searchTimer)
    this.searchTimer = setTimeout(() => { this.list?.find(value) }, searchMs)
  },

  async onSearchNow (event: WechatMiniprogram.CustomEvent<{ value: string }>) {
    clearTimeout(this.searchTimer)
    await this.list?.find(event.detail.value)
  },

  async onClearSearch () {
    clearTimeout(this.searchTimer)
    // The input keeps what was typed unless the value that is set differs from the one before.
    this.setData({ input: ' ' })
    this.setData({ input: '', isSearching: false })
    await this.list?.find('')
  },

  async onMore () {
    await this.list?.more()
  },

  async onRetry () {
    await this.list?.retry()
  },

  onHome () {
    wx.reLaunch({ url: '/pages/index/index' })
  },

  /** Asks once more before a block or a sign-out. The button may be drawn a moment longer than it counts: what counts is asked here. */
  async onDecide (event: WechatMiniprogram.TouchEvent<object, object, { id: string, name: Decision }>) {
    const { id, name } = event.currentTarget.dataset
    if (this.isAsking || !this.data.isArmed || this.list?.mayDecide(id, name) !== true) return
    if (name !== 'allow' && !await this.asked(id, name)) return
    const person = await this.list?.decide(id, name)
    if (person !== undefined) wx.showToast({ title: words.personDone[name](whoIsBriefly(person)), icon: 'none', duration: 2500 })
  },

  async asked (id: string, decision: 'block' | 'sign-out') {
    const person = this.list?.view().people?.find((one) => one.id === id)
    if (person === undefined) return false
    this.isAsking = true
    const question = decision === 'block' ? words.blockSure(whoIs(person)) : words.signOutPersonSure(whoIs(person))
    const answer = await isConfirmed(question, { yes: decision === 'block' ? words.blockYes : words.signOutYes, no: words.keep })
    this.isAsking = false
    return answer
  },
})
