/** Owns `npm run keys`: makes the key file that several instances share. */
import { readConfig } from './config.ts'
import { readEnvironment } from './runtime.ts'
import { makeKeyFile } from './sessions/key-file.ts'
import { orExit } from './serve.ts'

await orExit(async () => {
  const { KEYS_FILE } = readConfig(readEnvironment({ withFile: true }))
  const isNew = makeKeyFile(KEYS_FILE)
  process.stdout.write(isNew ? `${KEYS_FILE} is made: give it to every instance, and to nobody else\n` : `${KEYS_FILE} is there already and stays as it is\n`)
})
