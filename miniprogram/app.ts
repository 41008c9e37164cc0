/** Starts the mini program. What pages share is in utils/here. */
import { watchForUpdate } from './utils/wechat'

App({
  onLaunch () {
    watchForUpdate()
  },
})
