/** Names that imitate something: words that mix scripts, offices such as "admin", addresses. Look-alike characters count as what they look like (UTS #39). */
import unhomoglyph from 'unhomoglyph'
import { hasListedSuffix } from './public-suffix.ts'
import { joiners } from './text.ts'

export type Mimic = 'mixed-scripts' | 'office' | 'address'

/** Names under which people expect the site's, WeChat's or the system's own staff. */
const latinOffices = [
  'admin', 'admins', 'administrator', 'administrators', 'sysadmin', 'webadmin', 'superadmin', 'root', 'superuser', 'sudo', 'system', 'support', 'official',
  'officials', 'moderator', 'webmaster', 'postmaster', 'hostmaster', 'helpdesk', 'helpcenter', 'security', 'staff', 'operator', 'customerservice', 'wechat', 'weixin', 'tencent',
]
const hanOffices = [
  '管理员', '管理員', '管理者', '客服', '官方', '系统', '系統', '站长', '站長', '版主', '工作人员', '工作人員', '运营人员', '運營人員', '技术支持', '技術支援', '安全中心', '微信团队',
  '微信團隊', '微信支付', '微信安全', '腾讯', '騰訊',
]

/**
 * UTS #39 §5.2, "highly restrictive": all letters of one script, or of one of the three writing systems that mix scripts. The list has the scripts that UAX #31
 * recommends, and those of limited use in which people have names; the other ones are historic.
 */
const writingSystems = [
  'Latn Hani Hira Kana', 'Latn Hani Bopo', 'Latn Hani Hang', 'Cyrl', 'Grek', 'Arab', 'Armn', 'Beng', 'Deva', 'Ethi', 'Geor', 'Gujr', 'Guru', 'Hebr', 'Khmr', 'Knda', 'Laoo', 'Mlym', 'Mong', 'Mymr',
  'Nkoo', 'Orya', 'Sinh', 'Syrc', 'Tale', 'Taml', 'Telu', 'Tfng', 'Thaa', 'Thai', 'Tibt', 'Yiii',
].map((scripts) => new RegExp(`^(?:[^\\p{L}\\p{M}]|[${['Zyyy', 'Zinh', ...scripts.split(' ')].map((script) => `\\p{scx=${script}}`).join('')}])*$`, 'u'))

/** Each word may have a script of its own: Иван (Ivan). An office is searched in the whole name, so that separators between its letters don't hide it. */
const betweenWords = /[\s()[\]\u3010\u3011\u300c\u300d]+/u // 【】「」 as numbers: esbuild keeps a literal as it is, and the built file has to be ASCII (.ci/build/main.ts)

/** Tells what a name imitates, or null. The name is plain text (text.ts). */
export const mimicOf = (name: string): Mimic | null => {
  const written = name.replace(joiners, '').normalize('NFKC')
  if (!written.split(betweenWords).every((word) => writingSystems.some((system) => system.test(word)))) return 'mixed-scripts'
  if (isAddress(written)) return 'address'
  // Three readings: a 0 is an O in one name and a number after a word in another; a Cyrillic М looks like an M, but a small м doesn't.
  return [written, written.replace(/\p{Nd}/gu, ' '), unhomoglyph(written)].some(isOffice) ? 'office' : null
}

/** Phonetic small capitals, which the table of confusables leaves out. */
const smallCapitals = new Map(Array.from('ᴀaʙbᴄcᴅdᴇeꜰfɢgʜhɪiᴊjᴋkʟlᴍmɴnᴏoᴘpʀrꜱsᴛtᴜuᴠvᴡwʏyᴢz'.matchAll(/(.)(.)/gu), ([, small = '', letter = '']) => [small, letter]))

/** The skeleton of UTS #39 §4, in lower case and without marks: texts that look alike have the same one. */
const skeletonOf = (text: string): string => {
  const plain = Array.from(unmarked(text.toLowerCase()), (letter) => smallCapitals.get(letter) ?? letter).join('')
  return unmarked(unhomoglyph(plain)).toLowerCase().replaceAll('i', 'l')
}

const unmarked = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '')

const letters = (text: string): string => text.replace(/[^\p{L}\p{N}]/gu, '')

const skeletonsOfOffices = () => ({ latin: new Set(latinOffices.map(skeletonOf)), han: hanOffices.map(skeletonOf) })

/** Made for the first name that is judged, as the table of confusables is a long regular expression. */
let offices: ReturnType<typeof skeletonsOfOffices> | undefined

/** A Latin word counts as a whole ("badminton" contains "admin"), or spelt with separators between its letters. A Chinese one counts anywhere in the name. */
const isOffice = (text: string): boolean => {
  const skeleton = skeletonOf(text)
  const joined = letters(skeleton)
  const { latin, han } = offices ??= skeletonsOfOffices()
  return latin.has(joined) || (skeleton.match(/[a-z]+/g) ?? []).some((word) => latin.has(word)) || han.some((office) => joined.includes(office))
}

/** The labels after a dot that stands between two letters or digits. */
const labels = /(?<=[\p{L}\p{M}\p{N}_-]\.)[\p{L}\p{M}\p{N}-]+/gu

/** Chinese, Japanese and Korean put no space after a Latin word: 到evil.com领奖. */
const latinStart = /^[a-z0-9-]+/i

/** Tells whether a label ends a domain of the public internet, as written or as it looks. "rn" looks like "m", for which the table of confusables has "rn". */
const hasDomain = (text: string): boolean => (text.match(labels) ?? [])
  .flatMap((label) => [label, unhomoglyph(label).replaceAll('rn', 'm')])
  .flatMap((label) => [label, latinStart.exec(label)?.[0] ?? label])
  .some((label) => hasListedSuffix(`x.${label.toLowerCase()}`))

/** A web, mail or IP address, or a phone or account number. */
const isAddress = (text: string): boolean => {
  const dotted = text.replaceAll('。', '.').replaceAll('․', '.')
  return /:\/\/|www\.|\S@\S/iu.test(dotted) || hasDomain(dotted) || /\d{1,3}(?:\.\d{1,3}){3}/u.test(dotted) || /(?:\p{Nd}[\s().+\-_/]*){7,}/u.test(dotted)
}
