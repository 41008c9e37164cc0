/** Names in the environment that are no settings: misspelled ones, those of other programs that mean what a setting means, and those of anybody else. */

type Environment = Readonly<Record<string, string | undefined>>

/** In a name of this many letters, two wrong ones are still a slip; in a shorter one they may make another program's name. */
const longName = 12

/** Names that hosting platforms and other programs give to what a setting of ours is; where `looks` is given, only with a value of that look. */
const synonyms: ReadonlyArray<{ readonly setting: string, readonly looks?: RegExp, readonly names: readonly string[] }> = [
  { setting: 'PUBLIC_URL', looks: /^https?:\/\//, names: ['BASE_URL', 'SITE_URL', 'APP_URL', 'ROOT_URL'] },
  { setting: 'STORE_URL', looks: /^(?:redis|sqlite:)/, names: ['REDIS_URL', 'REDIS_URI', 'REDIS_TLS_URL', 'VALKEY_URL', 'DATABASE_URL', 'DB_URL'] },
  { setting: 'TRUST_PROXY', names: ['TRUSTED_PROXIES', 'TRUST_PROXIES', 'TRUSTED_PROXY', 'FORWARDED_ALLOW_IPS'] },
  { setting: 'ALLOWED_ORIGINS', names: ['CORS_ORIGIN', 'CORS_ORIGINS', 'CORS_ALLOWED_ORIGINS'] },
  { setting: 'WECHAT_APPID', names: ['WX_APPID', 'WX_APP_ID', 'WEIXIN_APPID', 'WEIXIN_APP_ID'] },
  { setting: 'WECHAT_SECRET', names: ['WECHAT_APP_SECRET', 'WECHAT_APPSECRET', 'WX_SECRET', 'WX_APPSECRET', 'WX_APP_SECRET', 'WEIXIN_SECRET', 'WEIXIN_APPSECRET'] },
]

/** The variables that Kubernetes and Docker set for each service beside this one: with a service named "wechat", WECHAT_PORT and WECHAT_SERVICE_HOST. */
const isServiceLink = (name: string, value: string): boolean =>
  /^(?:tcp|udp|sctp):\/\//.test(value) || /_SERVICE_(?:HOST|PORT(?:_\w+)?)$|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/.test(name)

const foreignIn = (environment: Environment, known: ReadonlySet<string>): ReadonlyArray<readonly [name: string, value: string]> =>
  Object.entries(environment).flatMap(([name, value]) => value === undefined || known.has(name) || isServiceLink(name, value) ? [] : [[name, value] as const])

/** A line for each name that is nearly a setting's: it would be ignored silently. */
export const misspelledIn = (environment: Environment, known: readonly string[]): string[] =>
  foreignIn(environment, new Set(known)).flatMap(([name]) => {
    if (synonyms.some(({ names }) => names.includes(name))) return []
    const near = known.find((setting) => setting.includes('_') && isNearly(name, setting)) // a word alone may be any program's
    return near === undefined ? [] : [`${name} is not a setting of scan-login: did you mean ${near}?`]
  })

/** A line for each name by which other programs call a setting that isn't set here. The service starts: a platform may have set it for itself. */
export const likelyMeantIn = (environment: Environment): readonly string[] => synonyms.flatMap(({ setting, looks, names }) => {
  const isSet = [setting, `${setting}_FILE`].some((name) => (environment[name] ?? '') !== '')
  const found = isSet ? [] : names.filter((name) => (looks ?? /./).test(environment[name] ?? ''))
  return found.map((name) => `${name} is not a setting of scan-login and is ignored, and ${setting} is not set: did you mean ${setting}?`)
})

/**
 * Whether a name has the letters of a setting but for a slip: one of them missing, added, wrong or changed for its neighbour; in a long name two. Case and
 * underscores don't count.
 */
const isNearly = (name: string, setting: string): boolean => {
  const [one, other] = [name, setting].map((text) => text.replaceAll('_', '').toUpperCase()) as [string, string]
  return slipsBetween(one, other) <= (other.length < longName ? 1 : 2)
}

/** The restricted Damerau-Levenshtein distance; Infinity where it is above 2. */
const slipsBetween = (one: string, other: string): number => {
  if (Math.abs(one.length - other.length) > 2) return Infinity
  const rows = [Array.from({ length: other.length + 1 }, (_, j) => j)]
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Infinity
  for (let i = 1; i <= one.length; i++) {
    const row = [i]
    rows.push(row)
    for (let j = 1; j <= other.length; j++) {
      const isSwapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]
      row.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (one[i - 1] === other[j - 1] ? 0 : 1), isSwapped ? at(i - 2, j - 2) + 1 : Infinity))
    }
  }
  return at(one.length, other.length)
}
