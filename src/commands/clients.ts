/** `npm run clients`: the apps that people log in to by OpenID Connect. */
import { orExit } from '../serve.ts'
import { readArguments, type Arguments } from './arguments.ts'
import { add } from './clients/add.ts'
import { check } from './clients/check.ts'
import { help } from './clients/help.ts'
import { list, remove } from './clients/list.ts'
import { changeSecret } from './clients/secret.ts'

const usage = (form: string): never => { throw new Error(`usage: "npm run clients -- ${form}"; "npm run clients -- --help" says more`) }

interface Command {
  /** What follows the command's name, as the usage says it. */
  readonly form: string
  readonly options: readonly string[]
  /** Checks the words that follow the name, and returns the work; undefined where they are wrong. */
  readonly plan: (words: readonly string[], options: Arguments['options']) => (() => Promise<void>) | undefined
}

const withValue: readonly string[] = ['allow', 'id', 'name', 'redirect-uri', 'alg', 'lang']

const commands: Readonly<Record<string, Command>> = {
  add: {
    form: '<app> <address> [--allow everybody|<group>,…] [--id <client_id>] [--name <name>] [--redirect-uri <uri>]… [--public] [--device-flow] [--alg RS256|ES256] [--lang en|zh] [--json]',
    options: [...withValue, 'public', 'device-flow', 'json'],
    plan: ([app, url, ...more], options) => {
      const textOf = (name: string): string | null => {
        const value = options.get(name)
        return typeof value === 'string' ? value : null
      }
      const language = textOf('lang')
      if (app === undefined || url === undefined || more.length > 0 || (language !== null && language !== 'en' && language !== 'zh')) return undefined
      return () => add({
        app,
        url,
        language,
        allow: textOf('allow'),
        id: textOf('id'),
        name: textOf('name'),
        redirectUris: textOf('redirect-uri')?.split('\n') ?? [],
        alg: textOf('alg'),
        isPublic: options.has('public'),
        hasDeviceFlow: options.has('device-flow'),
        asJson: options.has('json'),
      })
    },
  },
  list: {
    form: '[--json]',
    options: ['json'],
    plan: (words, options) => words.length > 0 ? undefined : () => list(options.has('json')),
  },
  remove: {
    form: '<client_id>',
    options: [],
    plan: ([clientId, ...more]) => clientId === undefined || more.length > 0 ? undefined : () => remove(clientId),
  },
  secret: {
    form: '<client_id> [--finish|--replace] [--json]',
    options: ['finish', 'replace', 'json'],
    plan: ([clientId, ...more], options) => clientId === undefined || more.length > 0 || (options.has('finish') && options.has('replace'))
      ? undefined
      : () => changeSecret(clientId, options.has('finish') ? 'finish' : options.has('replace') ? 'replace' : 'add', options.has('json')),
  },
  check: {
    form: '[--fetch] [--json]',
    options: ['fetch', 'json'],
    plan: (words, options) => words.length > 0 ? undefined : () => check({ asJson: options.has('json'), isFetching: options.has('fetch') }),
  },
}

await orExit(async () => {
  const { words: [name = '', ...words], options } = readArguments(process.argv.slice(2), withValue)
  if (options.has('help') || options.has('-h')) {
    process.stdout.write(help)
    return
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined) return usage(Object.keys(commands).join('|'))
  const isKnown = [...options].every(([option, value]) => command.options.includes(option) && (value === true) !== withValue.includes(option))
  const work = isKnown ? command.plan(words, options) : undefined
  if (work === undefined) return usage(`${name} ${command.form}`)
  await work()
})
