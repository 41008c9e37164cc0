/** The page that a code opens. approval.ts has its logic, screen.ts the data of its template. */
import { isFromCamera, loginPage, scanCode } from '../../utils/scan-code'
import { ticketFromScene } from '../../utils/scene'
import { service, words } from '../../utils/shared'
import { appId, entry, update } from '../../utils/wechat'
import { createApproval } from './approval'
import type { Approval } from './approval'
import type { ActionName } from './ending'
import { screenOf } from './screen'

const tickMs = 5_000 // precise enough for "20 seconds ago"
const armMs = 600 // a finger that is still on its way from another screen is not an answer

Page({
  data: {
    screen: screenOf({ kind: 'loading', isFirst: service.isFirstLogin() }, words, 0, true),
    /** The buttons that decide something react: they were in view for a while. */
    isArmed: false,
  },

  approval: undefined as Approval | undefined,
  timer: 0,
  armTimer: 0,
  /** What the buttons in view ask for; each question arms them anew. */
  question: '',
  /** Read when the page opens: the scene of a later return says nothing about how this ticket was scanned. */
  isFromCamera: false,

  onLoad (query: Record<string, string | undefined>) {
    // In some scenes WeChat gives the page no query, but the options of entry still have it.
    const ticket = ticketFromScene(query.scene ?? entry().query.scene)
    this.isFromCamera = isFromCamera(ticket)
    this.approval = createApproval(service, ticket, () => this.draw())
    wx.setNavigationBarTitle({ title: words.pageTitle })
  },

  async onShow () {
    this.timer = setInterval(() => { this.approval?.tick() }, tickMs)
    await this.approval?.read()
  },

  onHide () {
    clearInterval(this.timer)
  },

  onUnload () {
    clearInterval(this.timer)
    clearTimeout(this.armTimer)
    this.approval = undefined // an answer that comes later is not drawn
  },

  draw () {
    if (this.approval === undefined) return
    const screen = screenOf(this.approval.view(), words, service.serverNow(), this.isFromCamera, appId)
    const question = !screen.arms ? '' : screen.claim !== '' ? 'claim' : screen.kind
    if (question !== '' && question !== this.question) this.arm()
    if (!screen.busy) this.question = question
    this.setData({ screen })
  },

  /** Lets the buttons react once they have been in view for a while. */
  arm () {
    clearTimeout(this.armTimer)
    this.setData({ isArmed: false })
    this.armTimer = setTimeout(() => { this.setData({ isArmed: true }) }, armMs)
  },

  /** Whether a tap on a button that decides something counts. Asked for in each handler: what disables the buttons is drawn a moment after it is set. */
  isAnswer () {
    return this.data.isArmed || !this.data.screen.arms
  },

  onClaim () {
    if (this.isAnswer()) this.approval?.claim()
  },

  async onNumber (event: WechatMiniprogram.TouchEvent<object, object, { value: string }>) {
    if (this.isAnswer()) await this.approval?.confirm(event.currentTarget.dataset.value)
  },

  onKey (event: WechatMiniprogram.TouchEvent<object, object, { value: string }>) {
    this.approval?.type(event.currentTarget.dataset.value)
  },

  onErase () {
    this.approval?.erase()
  },

  async onConfirm () {
    // Two typed digits are no tap by mistake.
    if (this.isAnswer() || this.data.screen.keys.length > 0) await this.approval?.confirm(null)
  },

  async onNotMe () {
    await this.approval?.cancel()
  },

  async onAction (event: WechatMiniprogram.TouchEvent<object, object, { name: ActionName }>) {
    if (!this.isAnswer()) return
    switch (event.currentTarget.dataset.name) {
      case 'retry': return await this.approval?.read()
      case 'scan': return await this.scanAgain()
      case 'close': return wx.exitMiniProgram()
      case 'update': return update()
      case 'log-out': return await this.approval?.logOut()
      case 'home': return wx.reLaunch({ url: '/pages/index/index' })
      case 'name': return wx.reLaunch({ url: '/pages/index/index?naming=true' })
    }
  },

  async scanAgain () {
    const ticket = await scanCode()
    if (ticket === null) wx.showToast({ title: words.notOurs, icon: 'none' })
    else if (ticket !== undefined) wx.redirectTo({ url: loginPage(ticket) })
  },
})
