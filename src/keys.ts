/** Owns `npm run keys`: makes the key file that several instances share, and changes its signing key. */
import { readConfig } from './config.ts'
import { readEnvironment } from './runtime.ts'
import { makeKeyFile, replaceKeys, rotateKeys } from './sessions/key-file.ts'
import { orExit } from './serve.ts'

const instances = 'An instance that runs reads the file within seconds. If others have files of their own, give them this one'

const make = (path: string): string =>
  makeKeyFile(path) ? `${path} is made: give it to every instance, and to nobody else` : `${path} is there already and stays as it is`

const rotate = (path: string): string => {
  const { isNew, signsFrom, acceptedUntil } = rotateKeys(path, Date.now())
  const [from, until] = [signsFrom.toISOString(), acceptedUntil.toISOString()]
  return isNew
    ? `${path} has a new signing key. Sites see it from now on, it signs from ${from}, and the old one is accepted until ${until}. Nobody is logged out.\n${instances} before ${from}. There is nothing more to do.`
    : `${path} stays as it is: its new key has been made and signs from ${from}. All instances need this file by then.`
}

const replace = (path: string): string => {
  replaceKeys(path)
  return `${path} has one new signing key, and what the others signed is no longer accepted. Browsers stay logged in.\n${instances} now.`
}

const commands: Readonly<Record<string, (path: string) => string>> = { '': make, rotate, replace }

await orExit(async () => {
  const [word = '', ...rest] = process.argv.slice(2)
  const command = Object.hasOwn(commands, word) && rest.length === 0 ? commands[word] : undefined
  if (command === undefined) throw new Error('it is "npm run keys" to make the key file, "npm run keys -- rotate" for a new signing key, "npm run keys -- replace" when the old one has become known')
  const { KEYS_FILE } = readConfig(readEnvironment({ withFile: true }))
  process.stdout.write(`${command(KEYS_FILE)}\n`)
})
