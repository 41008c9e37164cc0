/** What the two commands have in common: a folder, a few options, and their help. */
import { readServiceSettings } from '../../environment.ts'
import { orExit } from '../../serve.ts'
import { readArguments, type Arguments } from '../arguments.ts'
import type { Config } from '../../config.ts'
import { readPassphrase } from './files.ts'

export interface Terms {
  readonly name: 'backup' | 'restore'
  readonly form: string
  readonly help: string
  /** Those without a value. */
  readonly options: readonly string[]
}

export interface Asked {
  readonly config: Config
  readonly folder: string
  readonly passphrase: string | null
  readonly has: (option: string) => boolean
}

const passphraseOption = 'passphrase-file'

/** Reads a command line; null where it asks for help. Throws an Error with the usage where it has another form. */
export const readTerms = ({ name, form, options: known }: Terms, args: readonly string[]): (Pick<Asked, 'folder' | 'has'> & { readonly passphraseFile: string | null }) | null => {
  const { words, options } = readArguments(args, [passphraseOption])
  if (options.has('help') || options.has('-h')) return null
  const [folder, ...more] = words
  if (folder === undefined || more.length > 0 || ![...options].every(isAmong(known))) throw new Error(`usage: "npm run ${name} -- ${form}"; "npm run ${name} -- --help" says more`)
  const file = options.get(passphraseOption)
  return { folder, passphraseFile: typeof file === 'string' ? file : null, has: (option) => options.has(option) }
}

/** Runs the command of this process. */
export const runCommand = (terms: Terms, work: (asked: Asked) => Promise<void>): Promise<void> => orExit(async () => {
  const asked = readTerms(terms, process.argv.slice(2))
  if (asked === null) {
    process.stdout.write(terms.help)
    return
  }
  const { folder, passphraseFile: file, has } = asked
  await work({
    config: readServiceSettings({ withSecretFiles: true }).config,
    folder,
    passphrase: file === null ? null : readPassphrase(file),
    has,
  })
})

const isAmong = (known: readonly string[]) => ([option, value]: readonly [string, Arguments['options'] extends ReadonlyMap<string, infer Value> ? Value : never]): boolean =>
  option === passphraseOption ? typeof value === 'string' && value !== '' : known.includes(option) && value === true
