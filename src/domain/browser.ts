/** What a browser is called on the phone. Reads what the browser says of itself, so it is a hint for a person and proof of nothing. */

/** The first that fits names it: a browser that copies another's words stands before it. */
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

/** Systems on which WeChat may run beside the browser. */
const handheldSystems: ReadonlySet<string> = new Set(['HarmonyOS', 'iPadOS', 'iOS', 'Android'])

/** What HarmonyOS calls itself on a computer. */
const harmonyComputer = /\(PC\b/

/** Names browser and system from a `User-Agent`, and tells whether that is a phone or a tablet. Only words of the tables come out, whatever goes in. */
export const describeBrowser = (userAgent: string): { readonly name: string, readonly system: string, readonly isPhone: boolean } => {
  const text = userAgent.slice(0, 512)
  const system = first(systems, text, 'Unknown system')
  return { name: first(browsers, text, 'Unknown browser'), system, isPhone: handheldSystems.has(system) && !harmonyComputer.test(text) }
}
