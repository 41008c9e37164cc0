/** The checks, in the order in which their findings are shown. */
import { checkApps } from './check-apps.ts'
import { checkClock } from './check-clock.ts'
import { checkFiles } from './check-files.ts'
import { checkMetrics } from './check-metrics.ts'
import { checkMiniProgram } from './check-mini-program.ts'
import { checkProxy } from './check-proxy.ts'
import { checkPublicUrl } from './check-public-url.ts'
import { checkService } from './check-service.ts'
import { checkSettings } from './check-settings.ts'
import { checkStore } from './check-store.ts'
import { checkWebhook } from './check-webhook.ts'
import { checkWechat } from './check-wechat.ts'
import type { Check } from './context.ts'
import type { CheckName } from './fault-codes.ts'

export const checks: Readonly<Record<CheckName, Check>> = {
  settings: checkSettings,
  files: checkFiles,
  store: checkStore,
  clock: checkClock,
  service: checkService,
  'public-url': checkPublicUrl,
  proxy: checkProxy,
  wechat: checkWechat,
  'mini-program': checkMiniProgram,
  apps: checkApps,
  webhook: checkWebhook,
  metrics: checkMetrics,
}
