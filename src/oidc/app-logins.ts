/** Logins that an app waits for: which app it is, and for how long it waits. The login page and the phone say so. */
import type { default as Provider } from 'oidc-provider'
import type { AppLogin, FindAppLogin } from '../login/ports.ts'
import type { OidcClient } from './client.ts'
import type { FollowedClients } from './clients-file.ts'

type Interaction = InstanceType<Provider['Interaction']>

/** When an app gives up: by its own entry, and no later than the provider itself. A device waits as long as its code lives. Milliseconds since 1970. */
export const endOf = ({ iat = 0, exp, deviceCode }: Interaction, client: OidcClient | undefined): number =>
  Math.min(exp, iat + (deviceCode === undefined ? client?.loginSeconds ?? Infinity : Infinity)) * 1000

/** Finds the app that waits by where the login goes on. */
export const createAppLogins = (current: () => Provider, clients: FollowedClients, mountPath: string): FindAppLogin => async (returnTo): Promise<AppLogin | null> => {
  const uid = returnTo.startsWith(`${mountPath}/interaction/`) ? returnTo.slice(`${mountPath}/interaction/`.length) : ''
  const interaction = uid === '' ? undefined : await current().Interaction.find(uid)
  const client = interaction && clients.find(String(interaction.params.client_id))
  return interaction === undefined || client === undefined
    ? null
    : { name: client.name, origin: client.origin, startUrl: client.loginUrl, endsAt: endOf(interaction, client) }
}
