import { watchForUpdate } from './utils/wechat'

App({
  onLaunch () {
    watchForUpdate()
  },
})
