/** Settings that can be read; for those that can't, there is `wrongSettings`. */
import { ConfigError, secretNames, type Config } from '../../config.ts'
import { whyDenied } from '../../file-rights.ts'
import { readLogo } from '../../http/site-logo.ts'
import { openPlaces } from '../../places/geoip-file.ts'
import { isOpenToOthers } from '../../sessions/private-file.ts'
import { weakSettings } from '../../weak-settings.ts'
import type { Check, CheckContext } from './context.ts'
import { checkEnvFile, hasNoSettings, noSettings } from './env-file.ts'
import { failure, ok, warning, type Finding } from './finding.ts'
import { noLog } from './no-log.ts'
import { commandToClose, modeSetter, ownerOf, statOf, type Owner } from './service-user.ts'

const where = 'in .env, or in the environment of the service'

export const checkSettings: Check = async (context) => {
  const { config, environment, warnings, notes } = context
  if (hasNoSettings(environment)) return [noSettings(), ...ignored(warnings)]
  const owner = await ownerOf(context)
  return [
    ...checkEnvFile(environment, owner),
    ...credentials(config),
    ...ignored(warnings),
    ...notes.map(ok), // another program's, as far as anybody can tell
    ...weakSettings(config, { isProduction: environment.NODE_ENV === 'production' }).map((line) => warning('setting-weak', line, `change it ${where}, and restart the service`)),
    ...secretFiles(environment, owner),
    ...pictureAndPlaces(config),
  ]
}

const ignored = (warnings: readonly string[]): readonly Finding[] =>
  warnings.map((line) => warning('setting-ignored', line, 'rename it, or leave it if it is another program\'s'))

const credentials = ({ WECHAT_APPID, WECHAT_SECRET }: Config): readonly Finding[] => {
  const missing = Object.entries({ WECHAT_APPID, WECHAT_SECRET }).filter(([, value]) => value === null).map(([name]) => name)
  return missing.length === 0
    ? [ok(`WECHAT_APPID is ${WECHAT_APPID}, and there is a WECHAT_SECRET`)]
    : [failure('credentials-missing', `${missing.join(' and ')} not set: the service does not start`, `set the AppID and AppSecret of your mini program ${where}. Both are at https://mp.weixin.qq.com, 开发管理 (development settings)`)]
}

const secretFiles = (environment: CheckContext['environment'], owner: Owner | null): readonly Finding[] => secretNames.flatMap((name) => {
  const path = environment[`${name}_FILE`]?.trim() ?? ''
  const stat = path === '' ? null : statOf(path)
  const isOpen = stat !== null && process.platform !== 'win32' && isOpenToOthers(stat)
  // What an orchestrator mounts for everybody in the container is its to decide.
  return isOpen && modeSetter(path, 0o600, owner) !== undefined ? [warning('secret-readable', `${path} has ${name}, and others on this machine can read or change it (mode ${(stat.mode & 0o777).toString(8)})`, commandToClose(path, owner), modeSetter(path, 0o600, owner))] : []
})

const pictureAndPlaces = ({ SITE_LOGO, GEOIP_FILE }: Config): readonly Finding[] => [
  ...SITE_LOGO === null ? [] : opened('SITE_LOGO', SITE_LOGO, () => { readLogo(SITE_LOGO) }),
  ...GEOIP_FILE === null ? [] : opened('GEOIP_FILE', GEOIP_FILE, () => { openPlaces(GEOIP_FILE, noLog) }),
]

const opened = (name: string, path: string, open: () => void): readonly Finding[] => {
  try {
    open()
    return [ok(`${name} ${path} can be used`)]
  } catch (error) {
    const { message } = error as Error // both throw Errors with one line
    return [failure('setting-file-unusable', `${message}: the service does not start`, advice(whyDenied('read', path)) ?? `put a file there that can be used, or name another one: ${name} ${where}`)]
  }
}

/** The findings where the settings can't be read at all. Throws what is no fault of the settings. */
export const wrongSettings = (error: unknown): readonly Finding[] => {
  if (!(error instanceof ConfigError)) throw error
  return error.lines.map((line) => {
    if (line.includes('UTF-16')) return failure('env-file-unreadable', line, 'save it as UTF-8, which editors offer under "Save as", or here: iconv -f UTF-16 -t UTF-8 .env > .env.new && cat .env.new > .env && rm .env.new')
    if (line.startsWith('.env can\'t be read')) return failure('env-file-unreadable', line, 'let the user of the service read it, and run the doctor as that user. Where .env is a folder, a container has made it for a file that was not there: remove it, and write the file')
    const [, name = '', path = ''] = /^(\w+) can't be read from (.+?): /.exec(line) ?? []
    if (path !== '') return failure('secret-file-unusable', line, advice(whyDenied('read', path)) ?? `write the secret into ${path}, or let ${name}_FILE name the file that has it`)
    return failure('setting-wrong', line, `change it ${where}`)
  })
}

/** The sentences that follow an error's message, as one that stands alone. */
const advice = (sentences: string): string | null => sentences === '' ? null : sentences.replace(/^\. /, '')
