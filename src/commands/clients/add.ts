/** `add`: an entry for an app, its secret, and what to enter at the app. */
import { newSecret } from '../../domain/ids.ts'
import { isGroup } from '../../domain/person.ts'
import { randomBytes } from '../../domain/random-pool.ts'
import { changeClients } from '../../oidc/clients-change.ts'
import { clientOf, faultsOf, type ClientEntry } from '../../oidc/client-entry.ts'
import { hashClientSecret, type OidcClient } from '../../oidc/client.ts'
import { appNames, presets, type AppName } from '../../oidc/presets/presets.ts'
import { setupText, setupValues, type SetupLanguage } from '../../oidc/setup-text.ts'
import { print } from '../print.ts'
import { readPlace, type Place } from './place.ts'

export interface NewClient {
  readonly app: string
  readonly url: string
  readonly allow: string | null
  readonly id: string | null
  readonly name: string | null
  readonly redirectUris: readonly string[]
  readonly alg: string | null
  readonly isPublic: boolean
  readonly hasDeviceFlow: boolean
  readonly language: SetupLanguage | null
  readonly asJson: boolean
}

export const add = async (wanted: NewClient): Promise<void> => {
  const place = readPlace()
  const secret = wanted.isPublic ? '' : newSecret(randomBytes)
  const entry = entryOf(wanted, secret)
  const faults = faultsOf(entry)
  if (faults.length > 0) throw new Error(faults.map((fault) => adviceFor(fault)).join('\n'))
  changeClients(place.file, (entries) => {
    if (entries.some(({ client_id: id }) => id === entry.client_id)) throw new Error(`${place.file} has a client ${JSON.stringify(entry.client_id)} already: remove that first, or name this one with --id`)
    return [...entries, entry]
  })
  const client = clientOf(entry, null)
  await print(wanted.asJson ? `${JSON.stringify(asJson(client, secret, place))}\n` : asText(client, secret, place, wanted.language ?? place.language))
}

const entryOf = ({ app, url, allow, id, name, redirectUris, alg, isPublic, hasDeviceFlow }: NewClient, secret: string): ClientEntry => {
  if (!isApp(app)) throw new Error(`${JSON.stringify(app)} is none of the apps: ${appNames.join(', ')}. For another one say "generic"`)
  const clientId = id ?? (app === 'generic' ? URL.parse(url)?.hostname.replace(/[^A-Za-z0-9.-]/g, '') ?? app : app)
  return {
    client_id: clientId,
    app,
    ...name !== null && { name },
    url,
    allow: allow === 'everybody' ? allow : { groups: allow === null ? [isGroup(clientId) ? clientId : app] : allow.split(',').map((group) => group.trim()) },
    ...isPublic ? { public: true } : { client_secret_sha256: hashClientSecret(secret) },
    ...redirectUris.length > 0 && { redirect_uris: [...redirectUris] },
    ...alg !== null && { id_token_signed_response_alg: alg as 'RS256' }, // `faultsOf` says what it must be
    ...hasDeviceFlow && { device_flow: true },
  }
}

const isApp = (app: string): app is AppName => appNames.some((name) => name === app)

/** The faults name members of the file; these are options here. */
const adviceFor = (fault: string): string => fault.startsWith('needs redirect_uris') ? `${fault.replace('redirect_uris', 'a redirect URI')}. Say it with --redirect-uri` : fault

const asJson = (client: OidcClient, secret: string, { config, file, missingSetting }: Place) => {
  const values = setupValues(client, config.PUBLIC_URL, secret)
  return {
    client_id: client.clientId,
    client_secret: client.isPublic ? null : secret,
    issuer: values.issuer,
    discovery: values.discovery,
    redirect_uris: client.redirectUris,
    allow: client.allow,
    file,
    env: missingSetting,
    setup: presets[client.app].setup(values),
  }
}

const asText = (client: OidcClient, secret: string, { config, file, missingSetting }: Place, language: SetupLanguage): string => {
  const { label } = presets[client.app]
  const says = language === 'zh' ? chinese : english
  return [
    says.written(client.clientId, file),
    ...missingSetting === null ? [] : [says.missing, `  ${missingSetting}`],
    client.allow === 'everybody' ? says.everybody : says.groups(client.allow.groups),
    ...client.isPublic ? [] : [says.secret, `  ${secret}`],
    '',
    says.atTheApp(label),
    setupText(client, setupValues(client, config.PUBLIC_URL, secret), language),
  ].join('\n')
}

const english = {
  written: (id: string, file: string) => `${file} has the app "${id}". A service that reads this file knows that within five seconds.`,
  missing: 'Put this line into .env (or the environment of the service), and restart the service once:',
  everybody: 'Who may log in there: everybody whom this service lets in.',
  groups: (groups: readonly string[]) => `Who may log in there: the people in ${groups.map((group) => `"${group}"`).join(' or ')}. Put somebody in: npm run people -- group add <who> ${groups[0] ?? ''}`,
  secret: 'The secret, which is shown this once and kept as a hash alone:',
  atTheApp: (label: string) => `At the app (${label}):`,
}

const chinese: typeof english = {
  written: (id, file) => `应用“${id}”已写入 ${file}，正在读取这个文件的服务五秒内生效。`,
  missing: '在 .env（或服务的环境变量）里加上这一行，并重启一次服务：',
  everybody: '谁可以登录：这个服务允许的所有人。',
  groups: (groups) => `谁可以登录：${groups.map((group) => `“${group}”`).join('或')}组里的人。把人加进组：npm run people -- group add <who> ${groups[0] ?? ''}`,
  secret: '密钥，只显示这一次，文件里只有哈希：',
  atTheApp: (label) => `在应用里（${label}）：`,
}
