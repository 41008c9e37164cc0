/** `npm run keys`: makes the key file that several instances share, and changes the keys that sign. */
import { readServiceSettings } from './environment.ts'
import { addProviderKeys, replaceKeys, rotateKeys } from './sessions/key-changes.ts'
import { makeKeyFile } from './sessions/key-file.ts'
import { orExit } from './serve.ts'

const instances = 'Running instances read the file within seconds. Where instances have files of their own, copy this one to them'

const make = (path: string): string =>
  makeKeyFile(path, { withProvider: true }) ? `${path} is made: copy it to every instance, and keep it secret` : `${path} exists already and stays as it is`

const rotate = (path: string): string => {
  const { isNew, signsFrom, acceptedUntil, providerAcceptedUntil } = rotateKeys(path, Date.now())
  const [from, until] = [signsFrom.toISOString(), acceptedUntil.toISOString()]
  if (!isNew) return `${path} stays as it is: the new key of an earlier rotation signs from ${from}. All instances need this file by then.`
  return [
    `${path} has a new signing key. It is published now and signs from ${from}; the old one is accepted until ${until}. Nobody is logged out.`,
    ...providerAcceptedUntil === null ? [] : [`The OpenID Provider has new keys from the same time; its old ones are accepted until ${providerAcceptedUntil.toISOString()}.`],
    `${instances} before ${from}. No other step is needed.`,
  ].join('\n')
}

const replace = (path: string): string => {
  const { hasProvider } = replaceKeys(path)
  return [
    `${path} has one new signing key: tokens that the old keys signed are no longer accepted. Browsers stay logged in.`,
    ...hasProvider ? ['The OpenID Provider has new keys, too: apps accept the old ones until they fetch the keys again.'] : [],
    `${instances} now.`,
  ].join('\n')
}

const addProvider = (path: string): string => addProviderKeys(path)
  ? `${path} has keys for the OpenID Provider now, besides those that it had. Nobody is logged out.\n${instances} before you set OIDC_CLIENTS_FILE there.`
  : `${path} has keys for the OpenID Provider already and stays as it is`

const commands: Readonly<Record<string, (path: string) => string>> = { '': make, rotate, replace, 'add-provider': addProvider }

await orExit(async () => {
  const [word = '', ...rest] = process.argv.slice(2)
  const command = Object.hasOwn(commands, word) && rest.length === 0 ? commands[word] : undefined
  if (command === undefined) throw new Error('usage: "npm run keys" makes the key file, "npm run keys -- rotate" adds a new signing key, "npm run keys -- replace" replaces keys that have leaked, "npm run keys -- add-provider" adds keys for the OpenID Provider')
  const { config: { KEYS_FILE } } = readServiceSettings({ withSecretFiles: false })
  process.stdout.write(`${command(KEYS_FILE)}\n`)
})
