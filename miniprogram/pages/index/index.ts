/** The page that the mini program opens with. home.ts has its logic, screen.ts the data of its template. */
import { isConfirmed } from '../../utils/dialog'
import { loginPage, scanCode } from '../../utils/scan-code'
import { host, service, words } from '../../utils/shared'
import { createHome } from './home'
import type { Home } from './home'
import { homeScreenOf } from './screen'

const { nameLabel, namePlaceholder, save, scan, browsers, signOut, signOutAll, tryAgain } = words
const nothingYet = { user: undefined, sessions: undefined, busy: false, failure: undefined, saved: false }

Page({
  data: {
    words: { nameLabel, namePlaceholder, save, scan, scanHelp: words.scanHelp(host), browsers, signOut, signOutAll, tryAgain },
    screen: homeScreenOf(nothingYet, words, 0),
  },

  home: undefined as Home | undefined,
  /** What the person has typed; undefined until they do. */
  typed: undefined as string | undefined,

  onLoad () {
    this.home = createHome(service, () => this.draw())
    wx.setNavigationBarTitle({ title: words.homeTitle })
  },

  async onShow () {
    await this.home?.read()
  },

  onUnload () {
    this.home = undefined // an answer that comes later is not drawn
  },

  draw () {
    if (this.home === undefined) return
    const screen = homeScreenOf(this.home.view(), words, service.serverNow())
    this.setData({ screen: { ...screen, input: this.typed ?? screen.input } })
  },

  async onScan () {
    const ticket = await scanCode()
    if (ticket === null) wx.showToast({ title: words.notOurs, icon: 'none' })
    else if (ticket !== undefined) wx.navigateTo({ url: loginPage(ticket) })
  },

  onName (event: WechatMiniprogram.Input) {
    this.typed = event.detail.value
    this.home?.edited()
  },

  async onSave () {
    const name = this.typed
    if (name === undefined) return
    await this.home?.rename(name)
    if (this.home?.view().saved !== true || this.typed !== name) return
    this.typed = undefined // the field shows the service's name again
    this.draw()
  },

  async onRetry () {
    await this.home?.read()
  },

  async onSignOut (event: WechatMiniprogram.TouchEvent<object, object, { id: string, title: string }>) {
    const { id, title } = event.currentTarget.dataset
    if (await isConfirmed(words.signOutSure(title), { yes: words.signOutYes, no: words.keep })) await this.home?.signOut(id)
  },

  async onSignOutAll () {
    if (await isConfirmed(words.signOutAllSure, { yes: words.signOutYes, no: words.keep })) await this.home?.signOutEverywhere()
  },
})
