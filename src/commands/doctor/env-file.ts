/** The `.env` that settings come from: whether there is one, which of its lines count, and who can read it. */
import { existsSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { secretNames, settingNames } from '../../config.ts'
import { envFile, readEnvFile, readEnvText } from '../../environment.ts'
import { quoted } from '../../file-rights.ts'
import { isOpenToOthers } from '../../sessions/private-file.ts'
import { failure, ok, warning, type Finding } from './finding.ts'
import { commandToClose, modeSetter, type Owner } from './service-user.ts'

type Environment = Readonly<Record<string, string | undefined>>

const known = [...settingNames, ...secretNames.map((name) => `${name}_FILE`)]

/** Settings that shells and platforms have for programs of any kind. */
const everybodys: ReadonlySet<string> = new Set(['HOST', 'PORT', 'LOG_LEVEL', 'HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY'])

/** Where a `.env` may be instead: the folder of the systemd unit, which others may not look into. */
const usualFolder = '/var/lib/scan-login'

const isSet = (environment: Environment, name: string): boolean => (environment[name] ?? '').trim() !== ''

/** True where the doctor sees the settings of no service. */
export const hasNoSettings = (environment: Environment): boolean => !existsSync(envFile) && !known.some((name) => !everybodys.has(name) && isSet(environment, name))

export const noSettings = (): Finding => {
  const here = process.cwd()
  const other = otherFolder(here)
  const where = other === null ? 'run it in the folder of the service, where the .env is, or with the environment of the service (with Docker: docker exec scan-login node doctor.js). A new service needs its settings first: README.md, "Configuration"' : `the service seems to be in ${other}: cd ${quoted(other)}, and run the doctor there as its user`
  return failure('env-file-missing', `there is no .env in ${here}, and the environment has no setting of scan-login`, where)
}

const otherFolder = (here: string): string | null => {
  const above = parentsOf(here).find((folder) => existsSync(join(folder, envFile)))
  return above ?? (existsSync(usualFolder) && here !== usualFolder ? usualFolder : null)
}

const parentsOf = (folder: string): readonly string[] => dirname(folder) === folder ? [] : [dirname(folder), ...parentsOf(dirname(folder))]

/** What can be said of the settings that were read, and of the file that some of them come from. */
export const checkEnvFile = (environment: Environment, owner: Owner | null): readonly Finding[] => {
  const names = known.filter((name) => isSet(environment, name))
  if (!existsSync(envFile)) return [ok(`${counted(names.length)} from the environment can be read; there is no .env in ${process.cwd()}`)]
  const file = readEnvFile()
  const fromFile = names.filter((name) => file[name] === environment[name])
  const overridden = names.filter((name) => (file[name] ?? '') !== '' && !fromFile.includes(name))
  return [
    ok(`${counted(names.length)} can be read: ${fromFile.length} from ${resolve(envFile)}, ${names.length - fromFile.length} from the environment`),
    ...overridden.map((name) => warning('setting-overridden', `${name} has one value in .env and another one in the environment, which wins`, `if .env is right, take ${name} out of the environment in which the service starts (unit, container, shell: unset ${name}); otherwise take it out of .env`)),
    ...checkLines(readEnvText()),
    ...checkReadable(owner),
  ]
}

/** What is no setting is ignored, and what follows a `#` is a remark, in a password, too: neither says so. No line is quoted, as it may be a secret. */
const checkLines = (text: string): readonly Finding[] => {
  const [ignored, cut]: [number[], string[]] = [[], []]
  let quote = '' // a value between quotes may have several lines
  text.split(/\r\n|\n|\r/).forEach((line, index) => {
    if (quote !== '') {
      if (line.includes(quote)) quote = ''
      return
    }
    if (/^\s*(?:#|$)/.test(line)) return
    const [, name, value] = /^\s*(?:export\s+)?([\w.-]+)\s*=(.*)$/.exec(line) ?? []
    if (name === undefined || value === undefined) ignored.push(index + 1)
    else if (/^\s*["'`]/.test(value)) {
      const [begin = '', ...rest] = value.trimStart()
      quote = rest.includes(begin) ? '' : begin
    } else if (/^#|\S#/.test(value)) cut.push(name)
  })
  return [
    ...ignored.length === 0 ? [] : [warning('env-file-line', `.env has ${ignored.length === 1 ? 'a line that is no setting and is' : 'lines that are no settings and are'} ignored: ${ignored.join(', ')}`, 'write NAME=value on a line of its own, or put a # before a remark')],
    ...cut.map((name) => warning('env-file-line', `in .env, the value of ${name} ends before a #, and what follows counts as a remark`, `if the # belongs to the value, put that between single quotes: ${name}='…'. Otherwise put a space before the #`)),
  ]
}

const counted = (count: number): string => count === 1 ? '1 setting' : `${count} settings`

const checkReadable = (owner: Owner | null): readonly Finding[] => {
  const stat = statSync(envFile)
  if (process.platform === 'win32' || !isOpenToOthers(stat)) return []
  return [warning('secret-readable', `.env has the settings with their secrets, and others on this machine can read or change it (mode ${(stat.mode & 0o777).toString(8)})`, commandToClose(envFile, owner), modeSetter(envFile, 0o600, owner))]
}
