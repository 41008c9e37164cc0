/** The lines of a CSV file (RFC 4180) that `import` reads: openid, unionid, name, groups. What is wrong with a line is said without an id of WeChat's. */
import { createReadStream, statSync } from 'node:fs'
import { pipeline } from 'node:stream'
import { parse } from 'csv-parse'
import { isGroup, maxGroups, whyNotName } from '../../domain/person.ts'
import { isWechatId, type WechatIds } from '../../domain/wechat-ids.ts'

export interface Row {
  readonly line: number
  readonly ids: WechatIds
  readonly name: string | null
  readonly groups: readonly string[]
}

export interface BadRow { readonly line: number, readonly why: string }

const columns = ['openid', 'unionid', 'name', 'groups'] as const
type Column = typeof columns[number]

/** Longer than any good line. */
const maxLineBytes = 8192

/** Reads a file line by line. Rejects with an Error whose message is for the operator where it can't be read, or is no table with these columns. */
export async function * readRows (file: string): AsyncGenerator<Row | BadRow> {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() === false) throw new Error(`${file} is no file: it is read twice, so a pipe can't be imported`)
  const parser = parse({ bom: true, info: true, relax_column_count: true, skip_empty_lines: true, trim: true, max_record_size: maxLineBytes })
  pipeline(createReadStream(file), parser, () => {}) // the parser rejects with its error
  let header: readonly Column[] | undefined
  try {
    for await (const { info: { lines: line }, record } of parser as AsyncIterable<{ info: { lines: number }, record: readonly string[] }>) {
      if (header === undefined) header = headerOf(record)
      else yield rowOf(line, header, record)
    }
  } catch (error) {
    throw new Error(`${file} ${whyUnreadable(error)}`) // no cause: it would quote the file
  }
  if (header === undefined) throw new Error(`${file} is empty: its first line has to be openid,unionid,name,groups`)
}

class WrongHeader extends Error {}

const headerOf = (record: readonly string[]): readonly Column[] => {
  const names = record.map((name) => name.toLowerCase())
  const isRight = names.includes('openid') && new Set(names).size === names.length && names.every((name) => (columns as readonly string[]).includes(name))
  if (!isRight) throw new WrongHeader('has to begin with a line that names its columns: openid, and where there are any unionid, name and groups')
  return names as Column[]
}

const whyUnreadable = (error: unknown): string => {
  if (error instanceof WrongHeader) return error.message
  const { code, syscall, message, lines } = error as NodeJS.ErrnoException & { readonly lines?: number } // of node:fs, which name a call, or of csv-parse, whose text may quote the file
  if (syscall === undefined) return `has a line that is no CSV${lines === undefined ? '' : `, line ${lines}`}: look at its quotes`
  return `can't be read: ${code === 'ENOENT' ? 'there is no such file' : message}`
}

const rowOf = (line: number, header: readonly Column[], record: readonly string[]): Row | BadRow => {
  const value = (column: Column): string => record[header.indexOf(column)] ?? ''
  const [openid, unionid, name] = [value('openid'), value('unionid'), value('name')]
  const groups = [...new Set(value('groups').split(';').map((group) => group.trim()).filter((group) => group !== ''))]
  const why = record.length > header.length ? 'has more values than the first line has columns' : whyBadId(openid, unionid) ?? whyBadName(name) ?? whyBadGroups(groups)
  return why === null ? { line, ids: { openid, unionid: unionid === '' ? null : unionid }, name: name === '' ? null : name, groups } : { line, why }
}

const whyBadId = (openid: string, unionid: string): string | null => {
  if (openid === '') return 'has no openid'
  if (!isWechatId(openid)) return 'has an openid that can be none'
  return unionid === '' || isWechatId(unionid) ? null : 'has a unionid that can be none'
}

const whyBadName = (name: string): string | null => {
  if (name.includes('\ufffd')) return 'has a name that is not UTF-8: save the file as "CSV UTF-8"'
  const why = whyNotName(name)
  return why === null ? null : badNames[why]
}

const badNames: Readonly<Record<NonNullable<ReturnType<typeof whyNotName>>, string>> = {
  unreadable: 'has a name of more than 32 characters, or one that hides, reverses or stacks text',
  'mixed-scripts': 'has a name with a word in several scripts',
  office: 'has a name that looks like an official of the site or of WeChat',
  address: 'has a name that is a web address, a mail address or a phone number',
}

const whyBadGroups = (groups: readonly string[]): string | null => {
  if (!groups.every(isGroup)) return 'has a group that is not 1 to 32 of a-z, 0-9 and "-"' // without it: in a wrong column it may be an openid
  return groups.length > maxGroups ? `has more than ${maxGroups} groups` : null
}
