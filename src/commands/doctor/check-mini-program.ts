/** The folder of the mini program against the settings, and whether phones can call PUBLIC_URL at all. */
import { existsSync, readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import type { Config } from '../../config.ts'
import { hasListedSuffix } from '../../domain/public-suffix.ts'
import type { Check } from './context.ts'
import { failure, notChecked, ok, warning, type Finding } from './finding.ts'

/** As the repository has them before anybody has filled them in. */
const placeholders = { appid: 'touristappid', serviceUrl: 'https://login.example.com' }

const upload = 'and upload the mini program again with WeChat DevTools'

export const checkMiniProgram: Check = async ({ config }) => {
  const why = whyNotForPhones(config)
  return [aboutAddress(config, why), ...checkFolder(config, why === null)]
}

/** By WeChat's rules for request domains: https, a name, and the very port. Names that only a local network knows, no phone finds. Null for a good address. */
const whyNotForPhones = ({ PUBLIC_URL }: Config): string | null => {
  const { protocol, hostname } = new URL(PUBLIC_URL)
  if (hostname === 'localhost' || hostname.endsWith('.localhost')) return 'on a phone that name is the phone itself'
  if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0) return 'WeChat lets mini programs call no IP address'
  if (protocol !== 'https:') return 'WeChat lets mini programs call https only'
  return hasListedSuffix(hostname) ? null : 'no phone finds a name that only your network knows'
}

const aboutAddress = ({ PUBLIC_URL }: Config, why: string | null): Finding => {
  const { host, port } = new URL(PUBLIC_URL)
  return why === null
    ? ok(`phones may call ${PUBLIC_URL}${port === '' ? '' : `, where the request domain at https://mp.weixin.qq.com has the port, too (https://${host})`}`)
    : warning('public-url-not-for-phones', `PUBLIC_URL is ${PUBLIC_URL}: ${why}`, 'set PUBLIC_URL to the https address of a name of your own, with an ICP filing where WeChat asks for one, and enter it as the request domain (request 合法域名) at https://mp.weixin.qq.com. To try the service on this machine alone, leave it')
}

/** Next to where the doctor runs, or where its source is. */
const folders = (): readonly string[] => [join(process.cwd(), 'miniprogram'), join(import.meta.dirname, '../../../miniprogram')]

const checkFolder = (config: Config, isForPhones: boolean): readonly Finding[] => {
  const folder = folders().find((path) => ['project.config.json', 'config.ts'].every((name) => existsSync(join(path, name))))
  if (folder === undefined) return [notChecked('the folder of the mini program is not here: there, config.ts has to have PUBLIC_URL, and project.config.json WECHAT_APPID')]
  return [...checkAppid(folder, config), ...checkServiceUrl(folder, config, isForPhones)]
}

const checkAppid = (folder: string, { WECHAT_APPID }: Config): readonly Finding[] => {
  // DevTools prefers the private file, which isn't in git.
  const [file, appid] = ['project.private.config.json', 'project.config.json'].map((name) => [join(folder, name), appidIn(join(folder, name))] as const).find(([, found]) => found !== null) ?? [join(folder, 'project.config.json'), null]
  if (appid === null) return [failure('mini-program-appid', `${file} has no appid`, `write "appid": "${WECHAT_APPID ?? 'the AppID of your mini program'}" into it, ${upload}`)]
  if (WECHAT_APPID === null) return [notChecked(`${file} has the AppID ${appid}, and WECHAT_APPID is not set`)]
  if (appid === WECHAT_APPID) return [ok(`${file} has the AppID of WECHAT_APPID`)]
  if (appid === placeholders.appid) return [warning('mini-program-placeholder', `${file} still has ${placeholders.appid} in place of an AppID`, `write ${WECHAT_APPID} into it before you upload it. If you upload the mini program from another machine, check it there`)]
  return [failure('mini-program-appid', `${file} has the AppID ${appid}, and WECHAT_APPID is ${WECHAT_APPID}: what one mini program makes, the other can't use`, `write the right one into both, ${upload}. If WECHAT_APPID was wrong, restart the service; it needs that mini program's WECHAT_SECRET, too`)]
}

const appidIn = (path: string): string | null => {
  try {
    const { appid } = JSON.parse(readFileSync(path, 'utf8')) as { appid?: unknown } // anything else has no appid
    return typeof appid === 'string' && appid !== '' ? appid : null
  } catch {
    return null
  }
}

const checkServiceUrl = (folder: string, { PUBLIC_URL }: Config, isForPhones: boolean): readonly Finding[] => {
  const file = join(folder, 'config.ts')
  const [, , url] = /serviceUrl\s*(?::\s*string\s*)?=\s*(['"`])(.*?)\1/.exec(readFileSync(file, 'utf8')) ?? []
  const wanted = PUBLIC_URL.replace(/\/$/, '')
  if (url === wanted) return [ok(`${file} has the address of PUBLIC_URL`)]
  if (!isForPhones) return [notChecked(`${file} has to have the address of PUBLIC_URL, once that is one for phones`)]
  if (url === placeholders.serviceUrl) return [warning('mini-program-placeholder', `${file} still has ${placeholders.serviceUrl} in place of your service`, `write serviceUrl = '${wanted}' into it before you upload it. If you upload the mini program from another machine, check it there`)]
  return [failure('mini-program-service-url', `${file} has ${url === undefined ? 'no serviceUrl' : `the serviceUrl ${url}`}, and PUBLIC_URL is ${PUBLIC_URL}: phones sign their calls for one address, and the service checks them for the other`, `write serviceUrl = '${wanted}' into it, with no slash at the end, ${upload}`)]
}
