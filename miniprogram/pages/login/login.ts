/** The page a code leads to. Joins the approval to the template; what may happen is decided in approval.ts, what is said in screen.ts. */
import { isFromCamera, loginPage, scanCode, service, words } from '../../utils/here'
import { ticketFromScene } from '../../utils/scene'
import { update } from '../../utils/wechat'
import { createApproval } from './approval'
import type { Approval } from './approval'
import { screenOf } from './screen'
import type { ActionName } from './screen'

const tickMs = 5_000 // "20 seconds ago" need not be truer than that

Page({
  data: {
    screen: screenOf({ kind: 'loading' }, words, 0, true),
  },

  approval: undefined as Approval | undefined,
  timer: 0,
  /** Taken when the page opens: coming back to it later is another way in, to the same ticket. */
  wasSeen: false,

  onLoad (query: Record<string, string | undefined>) {
    // Some ways in leave the page without its query; WeChat still knows how it was entered.
    const ticket = ticketFromScene(query.scene ?? wx.getEnterOptionsSync().query.scene)
    this.wasSeen = isFromCamera(ticket)
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
    this.approval = undefined // an answer that comes now has nowhere to be drawn
  },

  draw () {
    if (this.approval !== undefined) this.setData({ screen: screenOf(this.approval.view(), words, service.serverNow(), this.wasSeen) })
  },

  async onNumber (event: WechatMiniprogram.TouchEvent<object, object, { value: string }>) {
    await this.approval?.confirm(event.currentTarget.dataset.value)
  },

  onKey (event: WechatMiniprogram.TouchEvent<object, object, { value: string }>) {
    this.approval?.type(event.currentTarget.dataset.value)
  },

  onErase () {
    this.approval?.erase()
  },

  async onConfirm () {
    await this.approval?.confirm(null)
  },

  async onNotMe () {
    await this.approval?.cancel()
  },

  async onAction (event: WechatMiniprogram.TouchEvent<object, object, { name: ActionName }>) {
    switch (event.currentTarget.dataset.name) {
      case 'retry': return await this.approval?.read()
      case 'scan': return await this.scanAgain()
      case 'close': return wx.exitMiniProgram()
      case 'update': return update()
      case 'home': return wx.reLaunch({ url: '/pages/index/index' })
    }
  },

  async scanAgain () {
    const ticket = await scanCode()
    if (ticket === null) wx.showToast({ title: words.notOurs, icon: 'none' })
    else if (ticket !== undefined) wx.redirectTo({ url: loginPage(ticket) })
  },
})
