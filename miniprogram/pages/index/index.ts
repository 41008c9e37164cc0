/** The page that the mini program opens with. home.ts has its logic, screen.ts the data of its template. */
import { breakAtDots } from '../../utils/breaks'
import { isConfirmed } from '../../utils/dialog'
import { loginPage, scanCode } from '../../utils/scan-code'
import { host, service, words } from '../../utils/shared'
import { createHome, nothingYet } from './home'
import type { Home } from './home'
import { homeScreenOf } from './screen'

const { nameLabel, namePlaceholder, save, scan, browsers, signOut, tryAgain, close, home } = words
const tickMs = 5_000 // a login that waits has got in, or not, soon after

Page({
  data: {
    words: { nameLabel, namePlaceholder, save, scan, scanHelp: breakAtDots(words.scanHelp(host)), browsers, signOut, tryAgain, close, home },
    screen: homeScreenOf(nothingYet, words, 0),
    /** The input of the name is open. */
    isNaming: false,
    /** What it holds is another name than the person's. */
    isChanged: false,
  },

  home: undefined as Home | undefined,
  timer: 0,
  /** What the person has typed; undefined until they do. */
  typed: undefined as string | undefined,

  /** A question is being asked: a second tap asks no other. */
  isAsking: false,
  /** Another page is being opened: a second tap opens it no second time. */
  isLeaving: false,

  /** With `naming=true`, the input of the name is open. */
  onLoad (query: Record<string, string | undefined>) {
    if (query.naming === 'true') this.onNaming()
    this.home = createHome(service, () => this.draw())
    wx.setNavigationBarTitle({ title: words.homeTitle })
  },

  async onShow () {
    this.isLeaving = false
    this.timer = setInterval(() => { this.home?.tick() }, tickMs)
    await this.home?.read()
  },

  onHide () {
    clearInterval(this.timer)
  },

  onUnload () {
    clearInterval(this.timer)
    this.home = undefined // an answer that comes later is not drawn
  },

  /** An owner sees so whether anybody waits by now. */
  async onPullDownRefresh () {
    await this.home?.read()
    wx.stopPullDownRefresh()
  },

  draw () {
    if (this.home === undefined) return
    const screen = homeScreenOf(this.home.view(), words, service.serverNow(), service.isClockOff(), host)
    this.setData({ screen: { ...screen, input: this.typed ?? screen.input }, isChanged: this.isAnotherName() })
  },

  isAnotherName () {
    return this.typed !== undefined && this.typed.trim() !== (this.home?.view().user?.name ?? '')
  },

  async onScan () {
    const ticket = await scanCode()
    if (ticket === null) wx.showToast({ title: words.notOurs, icon: 'none' })
    else if (ticket !== undefined) wx.navigateTo({ url: loginPage(ticket) })
  },

  onNaming () {
    this.setData({ isNaming: true })
  },

  onName (event: WechatMiniprogram.Input) {
    this.typed = event.detail.value
    this.setData({ isChanged: this.isAnotherName() }) // not the input itself: that would disturb an input method
  },

  async onSave () {
    const name = this.typed
    if (name === undefined || !this.isAnotherName() || await this.home?.rename(name) !== true) return
    wx.showToast({ title: words.saved, icon: 'success' })
    if (this.typed !== name) return // typed on meanwhile
    this.typed = undefined
    this.setData({ isNaming: false })
    this.draw()
  },

  async onRetry () {
    await this.home?.read()
  },

  async onSignOut (event: WechatMiniprogram.TouchEvent<object, object, { id: string, ticket: string, title: string, site: string }>) {
    const { id, ticket, title, site } = event.currentTarget.dataset
    const question = site === '' ? words.signOutSure(title) : words.signOutSiteSure(site)
    if (!await this.asked(question)) return
    if (ticket === '') await this.home?.signOut(id)
    else await this.home?.endWaiting(ticket)
  },

  async onSignOutAll () {
    if (await this.asked(words.signOutAllSure)) await this.home?.signOutEverywhere()
  },

  async asked (question: string, yes = words.signOutYes) {
    if (this.isAsking) return false
    this.isAsking = true
    const answer = await isConfirmed(question, { yes, no: words.keep })
    this.isAsking = false
    return answer
  },

  onPeople () {
    if (this.isLeaving) return
    this.isLeaving = true
    wx.navigateTo({ url: `/pages/people/people?state=${this.data.screen.peopleState}`, fail: () => { this.isLeaving = false } })
  },

  async onDeleteData () {
    if (!await this.asked(this.data.screen.deleteSure, words.deleteYes)) return
    await this.home?.erase()
    if (this.home?.view().isErased !== true) return
    this.typed = undefined
    this.setData({ isNaming: false, isChanged: false })
    this.draw()
  },

  onClose () {
    wx.exitMiniProgram()
  },
})
