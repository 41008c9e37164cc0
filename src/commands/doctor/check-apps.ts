/** Apps that people log in to: their file, the provider as they reach it, and whether each of them answers. */
import type { Config } from '../../config.ts'
import { proxyFor } from '../../domain/proxy.ts'
import type { Clock } from '../../login/ports.ts'
import type { OidcClient } from '../../oidc/client.ts'
import { risksOf } from '../../oidc/client-risks.ts'
import { createFreshDispatcher } from '../../outgoing/dispatcher.ts'
import { head } from '../../outgoing/post.ts'
import { fetchApps, fetchDiscovery, readClients, type Fetched } from '../clients/look.ts'
import { explainConnection } from './connection-fault.ts'
import type { Check } from './context.ts'
import { failure, notChecked, ok, warning, type Finding } from './finding.ts'

export const checkApps: Check = async ({ config, clock }) => {
  const { OIDC_CLIENTS_FILE: file, PUBLIC_URL } = config
  if (file === null) return []
  const { clients, errors } = readClients(file)
  if (errors.length > 0) return errors.map((error) => failure('apps-file-wrong', error, 'change the file: "npm run clients -- check" says whether it is right. The service does not start with it, and one that runs keeps the apps that it had'))
  const risks = risksOf(clients, config).map((risk) => warning('apps-risk', risk, `change it in ${file} if you did not mean it, or in .env: "npm run clients -- check" says what is left`))
  const calls: ReadonlyArray<Promise<Finding>> = [
    fetchDiscovery(PUBLIC_URL).then(discoveryFinding),
    ...fetchApps(clients).map(async (fetched) => appFinding(await fetched, file)),
    ...clients.map((client) => logoutFinding(client, config, clock)).filter((finding) => finding !== null),
  ]
  return [ok(`${file}: ${clients.length === 1 ? '1 app' : `${clients.length} apps`}, no mistakes`), ...risks, ...await Promise.all(calls)]
}

const discoveryFinding = ({ url, status, error }: Fetched): Finding => {
  if (error === null) return ok(`apps reach the provider at ${url}`)
  if (status === null) return notChecked(`whether apps reach the provider at ${url}: it does not answer here (${error})`) // what is wrong with PUBLIC_URL, its own check says
  const [, what = error] = /^(.*): [^:]*\?$/.exec(error) ?? [] // the rest asks what the way out says
  return failure('apps-no-provider', `apps don't find the provider at ${url}: ${what}`, 'start the service with this OIDC_CLIENTS_FILE and this PUBLIC_URL, and let the proxy pass /oidc on unchanged')
}

const appFinding = ({ url, error }: Fetched, file: string): Finding => error === null
  ? ok(`an app answers at ${url}`)
  : warning('apps-unreachable', `no app answers at ${url} from here: ${error}`, `start the app, or correct its addresses in ${file}. If visitors reach it and only this machine doesn't, all is well`)

const deadlineMs = 5000

/** No logout is posted: that would log somebody out, or be refused. null where the app wants to hear of none. */
const logoutFinding = ({ clientId, backchannelLogoutUri: url }: OidcClient, config: Config, clock: Clock): Promise<Finding> | null =>
  url === null ? null : askLogout(clientId, url, proxyFor(url, config), clock)

const askLogout = async (clientId: string, url: string, proxy: string | null, clock: Clock): Promise<Finding> => {
  const dispatcher = createFreshDispatcher({ proxy })
  const { host } = new URL(url)
  try {
    const { status, why } = await head(dispatcher, clock, { url, deadlineMs })
    const isGateway = status >= 502 && status <= 504
    const isProxys = status === 407 && proxy !== null
    if (status !== 0 && !isProxys && !isGateway) return ok(`client "${clientId}" can be told of logouts at ${host}`)
    const { text, todo } = isGateway
      ? { text: `${host} answers ${status}: the app behind it is away`, todo: 'start the app' }
      : explainConnection(isProxys ? 'the proxy answered with status 407' : why, { host, proxyHost: proxy === null ? null : new URL(proxy).host })
    return failure('apps-logout-unreachable', `client "${clientId}" can't be told of logouts, and people stay logged in there: ${text}`, todo)
  } finally {
    await dispatcher.destroy()
  }
}
