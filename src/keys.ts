/** `npm run keys`: makes the key file that several instances share, and changes its signing key. */
import { readServiceSettings } from './environment.ts'
import { makeKeyFile, replaceKeys, rotateKeys } from './sessions/key-file.ts'
import { orExit } from './serve.ts'

const instances = 'Running instances read the file within seconds. Where instances have files of their own, copy this one to them'

const make = (path: string): string =>
  makeKeyFile(path) ? `${path} is made: copy it to every instance, and keep it secret` : `${path} exists already and stays as it is`

const rotate = (path: string): string => {
  const { isNew, signsFrom, acceptedUntil } = rotateKeys(path, Date.now())
  const [from, until] = [signsFrom.toISOString(), acceptedUntil.toISOString()]
  return isNew
    ? `${path} has a new signing key. It is published now and signs from ${from}; the old one is accepted until ${until}. Nobody is logged out.\n${instances} before ${from}. No other step is needed.`
    : `${path} stays as it is: the new key of an earlier rotation signs from ${from}. All instances need this file by then.`
}

const replace = (path: string): string => {
  replaceKeys(path)
  return `${path} has one new signing key: tokens that the old keys signed are no longer accepted. Browsers stay logged in.\n${instances} now.`
}

const commands: Readonly<Record<string, (path: string) => string>> = { '': make, rotate, replace }

await orExit(async () => {
  const [word = '', ...rest] = process.argv.slice(2)
  const command = Object.hasOwn(commands, word) && rest.length === 0 ? commands[word] : undefined
  if (command === undefined) throw new Error('usage: "npm run keys" makes the key file, "npm run keys -- rotate" adds a new signing key, "npm run keys -- replace" replaces keys that have leaked')
  const { config: { KEYS_FILE } } = readServiceSettings({ withSecretFiles: false })
  process.stdout.write(`${command(KEYS_FILE)}\n`)
})
