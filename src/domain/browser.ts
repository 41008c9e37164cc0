/** The names of browser and system that the phone shows. They come from the `User-Agent`, so they are a hint for a person and prove nothing. */

/** The first match counts: a browser whose `User-Agent` contains another's token stands before that one. */
const browsers: ReadonlyArray<readonly [pattern: RegExp, name: string]> = [
  [/MicroMessenger\//, 'WeChat'],
  [/QQBrowser\//, 'QQ Browser'],
  [/\bQQ\//, 'QQ'],
  [/\bUC(?:Browser|WEB)\//, 'UC Browser'],
  [/\b(?:360SE|360EE|QihooBrowser|QHBrowser)\b/, '360 Browser'],
  [/\bMetaSr\b|SogouMobileBrowser/, 'Sogou Browser'],
  [/MiuiBrowser\//, 'Mi Browser'],
  [/HuaweiBrowser\//, 'Huawei Browser'],
  [/(?:VivoBrowser|HeyTapBrowser)\//, 'Phone browser'],
  [/SamsungBrowser\//, 'Samsung Internet'],
  [/Edg(?:e|A|iOS)?\//, 'Edge'],
  [/(?:OPR|Opera|OPT)\//, 'Opera'],
  [/Vivaldi\//, 'Vivaldi'],
  [/YaBrowser\//, 'Yandex Browser'],
  [/(?:Firefox|FxiOS)\//, 'Firefox'],
  [/(?:HeadlessChrome|Chrome|Chromium|CriOS)\//, 'Chrome'],
  [/Version\/[\d.]+.*Safari\//, 'Safari'],
  [/AppleWebKit\//, 'WebKit browser'],
]

const systems: ReadonlyArray<readonly [pattern: RegExp, name: string]> = [
  [/\b(?:OpenHarmony|HarmonyOS)\b/, 'HarmonyOS'],
  [/\biPad\b/, 'iPadOS'],
  [/\b(?:iPhone|iPod)\b/, 'iOS'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
]

const first = (table: typeof browsers, text: string, otherwise: string): string =>
  table.find(([pattern]) => pattern.test(text))?.[1] ?? otherwise

/**
 * The page applies the same rule (static/scan-login/device.js). A tablet counts as a computer: WeChat is on a phone next to it, and an iPad mostly
 * claims to be a Mac, so tablets can't be told from computers anyway.
 */
const isPhone = (userAgent: string): boolean => /\bMobile\b|\bPhone\b/.test(userAgent) && !/\b(?:iPad|Tablet|WindowsWechat|MacWechat)\b/.test(userAgent)

/** Names browser and system from a `User-Agent`, and tells whether it is a phone. The names are those of the tables, never text of the `User-Agent`. */
export const describeBrowser = (userAgent: string): { readonly name: string, readonly system: string, readonly isPhone: boolean } => {
  const text = userAgent.slice(0, 512)
  return { name: first(browsers, text, 'Unknown browser'), system: first(systems, text, 'Unknown system'), isPhone: isPhone(text) }
}
