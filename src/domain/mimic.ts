/** Names that pass for something else: a word with letters of several scripts, an office nobody holds here, an address. Look-alikes count as what they look like (UTS #39). */
import unhomoglyph from 'unhomoglyph'
import { hasListedSuffix } from './public-suffix.ts'
import { joiners } from './text.ts'

export type Mimic = 'mixed-scripts' | 'office' | 'address'

/** What people believe a person of the site, of WeChat or of the machine to be called. */
const latinOffices = [
  'admin', 'admins', 'administrator', 'administrators', 'sysadmin', 'webadmin', 'superadmin', 'root', 'superuser', 'sudo', 'system', 'support', 'official',
  'officials', 'moderator', 'webmaster', 'postmaster', 'hostmaster', 'helpdesk', 'helpcenter', 'security', 'staff', 'operator', 'customerservice', 'wechat', 'weixin', 'tencent',
]
const hanOffices = [
  '管理员', '管理員', '管理者', '客服', '官方', '系统', '系統', '站长', '站長', '版主', '工作人员', '工作人員', '运营人员', '運營人員', '技术支持', '技術支援', '安全中心', '微信团队',
  '微信團隊', '微信支付', '微信安全', '腾讯', '騰訊',
]

/**
 * UTS #39 §5.2, "highly restrictive": all letters of one script, or of one of the three ways to write that mix scripts. Named are the scripts that UAX #31 recommends, and
 * those of limited use that people have names in; the others are of the past.
 */
const waysToWrite = [
  'Latn Hani Hira Kana', 'Latn Hani Bopo', 'Latn Hani Hang', 'Cyrl', 'Grek', 'Arab', 'Armn', 'Beng', 'Deva', 'Ethi', 'Geor', 'Gujr', 'Guru', 'Hebr', 'Khmr', 'Knda', 'Laoo', 'Mlym', 'Mong', 'Mymr',
  'Nkoo', 'Orya', 'Sinh', 'Syrc', 'Tale', 'Taml', 'Telu', 'Tfng', 'Thaa', 'Thai', 'Tibt', 'Yiii',
].map((scripts) => new RegExp(`^(?:[^\\p{L}\\p{M}]|[${['Zyyy', 'Zinh', ...scripts.split(' ')].map((script) => `\\p{scx=${script}}`).join('')}])*$`, 'u'))

/** Words stand apart enough to be seen as in scripts of their own: Иван (Ivan). An office is found across them, whatever stands between its letters. */
const betweenWords = /[\s()[\]【】「」]+/u

/** Tells what a name passes for, or null. The name is plain text. */
export const mimicOf = (name: string): Mimic | null => {
  const written = name.replace(joiners, '').normalize('NFKC')
  if (!written.split(betweenWords).every((word) => waysToWrite.some((way) => way.test(word)))) return 'mixed-scripts'
  if (isAddress(written)) return 'address'
  // A 0 looks like an O in one name, and is a number behind the word in another; a Cyrillic М looks like an M, and a small one doesn't.
  return [written, written.replace(/\p{Nd}/gu, ' '), unhomoglyph(written)].some(isOffice) ? 'office' : null
}

/** Phonetic small capitals: letters of their own for the confusables' table. */
const smallCapitals = new Map(Array.from('ᴀaʙbᴄcᴅdᴇeꜰfɢgʜhɪiᴊjᴋkʟlᴍmɴnᴏoᴘpʀrꜱsᴛtᴜuᴠvᴡwʏyᴢz'.matchAll(/(.)(.)/gu), ([, small = '', letter = '']) => [small, letter]))

/** The skeleton of UTS #39 §4, of small letters and without marks: two texts that look alike have the same. */
const skeletonOf = (text: string): string => {
  const plain = Array.from(unmarked(text.toLowerCase()), (letter) => smallCapitals.get(letter) ?? letter).join('')
  return unmarked(unhomoglyph(plain)).toLowerCase().replaceAll('i', 'l')
}

const unmarked = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '')

const letters = (text: string): string => text.replace(/[^\p{L}\p{N}]/gu, '')

const latinSkeletons = new Set(latinOffices.map(skeletonOf))
const hanSkeletons = hanOffices.map(skeletonOf)

/** A Latin word counts as a whole, for a badminton player is no admin; or letter by letter with something between. A Chinese one counts wherever it stands. */
const isOffice = (text: string): boolean => {
  const skeleton = skeletonOf(text)
  const joined = letters(skeleton)
  return latinSkeletons.has(joined) || (skeleton.match(/[a-z]+/g) ?? []).some((word) => latinSkeletons.has(word)) || hanSkeletons.some((office) => joined.includes(office))
}

/** The labels behind a dot that stands between two letters or digits. */
const labels = /(?<=[\p{L}\p{M}\p{N}_-]\.)[\p{L}\p{M}\p{N}-]+/gu

/** Chinese, Japanese and Korean put no space behind a Latin word: 到evil.com领奖. */
const latinStart = /^[a-z0-9-]+/i

/** Tells whether some label ends a domain of the public internet, as read or as it looks. "rn" looks like "m", and the table makes it of an m. */
const hasDomain = (text: string): boolean => (text.match(labels) ?? [])
  .flatMap((label) => [label, unhomoglyph(label).replaceAll('rn', 'm')])
  .flatMap((read) => [read, latinStart.exec(read)?.[0] ?? read])
  .some((read) => hasListedSuffix(`x.${read.toLowerCase()}`))

/** Where somebody could be sent: a web or mail address, one of the network, a number to call or to add. */
const isAddress = (text: string): boolean => {
  const dotted = text.replace(/[。․]/gu, '.')
  return /:\/\/|www\.|\S@\S/iu.test(dotted) || hasDomain(dotted) || /\d{1,3}(?:\.\d{1,3}){3}/u.test(dotted) || /(?:\p{Nd}[\s().+\-_/]*){7,}/u.test(dotted)
}
