/** The faults that the doctor knows by a name that stays the same: programs read it, and README.md lists it. */

/** What each check is called, in the order in which they are shown. */
export const checkNames = {
  settings: 'Settings',
  files: 'Keys and folders',
  store: 'Store',
  clock: 'Clock',
  service: 'Running service',
  'public-url': 'PUBLIC_URL',
  proxy: 'Proxy',
  wechat: 'WeChat',
  'mini-program': 'Mini program',
  apps: 'Apps',
  webhook: 'Webhook',
  metrics: 'Metrics',
} as const

export type CheckName = keyof typeof checkNames

/** By the check that finds them. Every fault has a test with that fault in it. */
export const faultCodes = {
  settings: ['setting-wrong', 'setting-ignored', 'setting-overridden', 'setting-weak', 'setting-file-unusable', 'secret-file-unusable', 'secret-readable', 'credentials-missing', 'env-file-missing', 'env-file-unreadable', 'env-file-line'],
  files: ['files-denied', 'wrong-user', 'store-readable', 'keys-missing', 'keys-unreadable', 'keys-readable', 'keys-exposed', 'keys-damaged', 'keys-weak', 'provider-keys-missing'],
  store: [
    'store-in-memory', 'store-unusable', 'store-damaged', 'store-unreachable', 'store-password', 'store-rights', 'store-fails', 'store-of-others', 'disk-low', 'disk-full',
    'redis-old', 'redis-evicts', 'redis-memory', 'redis-persistence', 'redis-replicas',
  ],
  clock: ['clock-off', 'clock-wrong', 'clock-differs'],
  service: ['service-not-running', 'service-other-program', 'service-other-keys', 'service-settings-changed', 'service-other-version', 'service-other-user', 'service-port-random'],
  'public-url': [
    'public-url-no-address', 'public-url-unreachable', 'public-url-address-closed',
    'tls-missing', 'tls-too-old', 'tls-failed', 'certificate-chain', 'certificate-untrusted', 'certificate-name', 'certificate-expired', 'certificate-expires-soon', 'http-version-old',
    'public-url-no-answer', 'public-url-no-upstream', 'public-url-refused', 'public-url-redirects', 'public-url-path-changed', 'public-url-other-service',
  ],
  proxy: [
    'proxy-no-forwarded-for', 'proxy-not-trusted', 'proxy-second-unnamed', 'proxy-forgeable', 'proxy-cuts-polls', 'proxy-loses-tickets', 'proxy-caches', 'proxy-refuses-methods',
    'proxy-removes-authorization', 'proxy-changes-answers', 'proxy-removes-headers', 'proxy-changes-cookies', 'proxy-refuses-long-addresses',
  ],
  wechat: [
    'wechat-unreachable', 'wechat-proxy', 'wechat-certificate', 'wechat-gateway', 'wechat-address-refused', 'wechat-appid-wrong', 'wechat-secret-wrong', 'wechat-token-refused',
    'wechat-not-published', 'wechat-restricted', 'wechat-no-links', 'wechat-quota', 'wechat-busy', 'wechat-refused', 'wechat-env-version',
  ],
  'mini-program': ['public-url-not-for-phones', 'mini-program-placeholder', 'mini-program-appid', 'mini-program-service-url'],
  apps: ['apps-file-wrong', 'apps-risk', 'apps-no-provider', 'apps-unreachable', 'apps-logout-unreachable'],
  webhook: ['webhook-is-robot', 'webhook-unreachable', 'webhook-proxy', 'webhook-certificate', 'webhook-slow', 'webhook-redirects', 'webhook-secret-refused', 'webhook-gone', 'webhook-refused', 'webhook-waiting'],
  metrics: ['metrics-unreachable', 'metrics-foreign', 'metrics-public'],
} as const satisfies Readonly<Record<CheckName, readonly string[]>>

/** `check-failed`: a check could not come to an end. */
export type FaultCode = typeof faultCodes[CheckName][number] | 'check-failed'
