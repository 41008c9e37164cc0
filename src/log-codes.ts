/**
 * The code of every warning and error in the log, with its level. `src/http/README.md` ("What the log says") tells what each means and what to do. Alert rules and
 * notes of operators name these codes: one that is released is never renamed, and never means something else.
 */
export const logCodes = {
  // Settings and files: server.ts, sessions/, oidc/clients-file.ts, places/
  'setting-ignored': 'warn',
  'weak-setting': 'warn',
  'file-exposed': 'warn',
  'keys-file-invalid': 'error',
  'store-of-other-keys': 'warn',
  'geoip-damaged': 'warn',
  // Calls and connections: http/, serve.ts
  'proxy-untrusted': 'warn',
  'headers-too-large': 'warn',
  'accept-failed': 'error',
  'socket-unhandled': 'error',
  'metrics-failed': 'error',
  internal: 'error',
  'too-many-tickets': 'error',
  'store-unavailable': 'error',
  crashed: 'fatal',
  // stores/
  'redis-unreachable': 'error',
  'redis-may-evict': 'warn',
  'redis-no-pubsub': 'warn',
  'disk-failed': 'error',
  'checkpoint-failed': 'warn',
  'purge-failed': 'warn',
  // wechat/
  'wechat-refused': 'error',
  'wechat-bug': 'error',
  'wechat-limited': 'warn',
  'wechat-busy': 'warn',
  'wechat-no-answer': 'warn',
  'wechat-token-refused': 'error',
  'wechat-token-unshared': 'warn',
  'js-codes-refused': 'warn',
  // webhook/
  'webhook-failing': 'warn',
  'webhook-gone': 'error',
  'webhook-given-up': 'error',
  'webhook-queue-full': 'error',
  'webhook-unreadable': 'error',
  'webhook-lost': 'error',
  // oidc/
  'clients-file-invalid': 'error',
  'oidc-unknown-client': 'warn',
  'oidc-wrong-secret': 'warn',
  'oidc-wrong-redirect-uri': 'warn',
  'oidc-refused': 'warn',
  'oidc-failed': 'error',
  'oidc-logout-failing': 'warn',
  'oidc-logout-refused': 'warn',
  'oidc-logout-given-up': 'error',
  'oidc-logout-unreadable': 'error',
  // Lines of libraries, which know no codes: log-output.ts
  unexpected: 'warn',
} as const satisfies Readonly<Record<string, 'warn' | 'error' | 'fatal'>>

export type LogLevel = (typeof logCodes)[keyof typeof logCodes]

/** The codes of a level. */
export type LogCode<Level extends LogLevel = LogLevel> = { [Code in keyof typeof logCodes]: (typeof logCodes)[Code] extends Level ? Code : never }[keyof typeof logCodes]

/** The fields of a line of that level. */
export interface CodedFields<Level extends LogLevel> {
  readonly code: LogCode<Level>
  readonly [field: string]: unknown
}
