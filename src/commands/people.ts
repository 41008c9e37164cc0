/** `npm run people`: who may come in, on the store of a service that may be running. */
import { isGroup, knownStates } from '../domain/person.ts'
import { Problem } from '../errors.ts'
import { orExit } from '../serve.ts'
import { readArguments, type Arguments } from './arguments.ts'
import { allow, block, erase, setGroup, setOwner, signOut } from './people/changes.ts'
import { forgetWechatIds } from './people/forget-wechat-ids.ts'
import { help } from './people/help.ts'
import { importLine, importPeople } from './people/import.ts'
import { list, show } from './people/list.ts'
import { counted } from './people/output.ts'
import { withParts, type Parts } from './people/parts.ts'
import { forPerson } from './people/who.ts'
import { print } from './print.ts'

const usage = (form: string): never => { throw new Error(`usage: "npm run people -- ${form}"; "npm run people -- --help" says more`) }

interface Command {
  /** What follows the command's name, as the usage says it. */
  readonly form: string
  readonly options?: readonly string[]
  /** Checks the words that follow the name, and returns the work; undefined where they are wrong. */
  readonly plan: (words: readonly string[], options: Arguments['options']) => ((parts: Parts) => Promise<unknown>) | undefined
}

/** A command on one person; it prints the line that `work` returns. */
const onPerson = (work: (parts: Parts, sub: string) => Promise<string>): Command => ({
  form: '<who>',
  plan: ([who, ...more]) => who === undefined || more.length > 0 ? undefined : forPerson(who, async (parts, sub) => { await print(`${await work(parts, sub)}\n`) }),
})

const checkedGroup = (group: string): string => {
  if (!isGroup(group)) throw new Error(`${JSON.stringify(group)} is no name of a group: 1 to 32 of a-z, 0-9 and "-"`)
  return group
}

const isVerb = (word: string | undefined): word is 'add' | 'remove' => word === 'add' || word === 'remove'

const commands: Readonly<Record<string, Command>> = {
  list: {
    form: '[--state waiting|active|blocked] [--json]',
    options: ['state', 'json'],
    plan: (words, options) => {
      const given = options.get('state') ?? null
      const state = knownStates.find((one) => one === given) ?? null
      return words.length > 0 || state !== given ? undefined : (parts) => list(parts, { state, asJson: options.has('json') })
    },
  },
  show: {
    form: '<who> [--json] [--wechat-ids]',
    options: ['json', 'wechat-ids'],
    plan: ([who, ...more], options) => who === undefined || more.length > 0
      ? undefined
      : forPerson(who, (parts, sub) => show(parts, { sub, asJson: options.has('json'), withWechatIds: options.has('wechat-ids') })),
  },
  owner: {
    form: 'add|remove <who>',
    plan: ([verb, who, ...more]) => !isVerb(verb) || who === undefined || more.length > 0
      ? undefined
      : forPerson(who, async (parts, sub) => { await print(`${await setOwner(parts, sub, verb === 'add')}\n`) }),
  },
  group: {
    form: 'add|remove <who> <group>',
    plan: ([verb, who, group, ...more]) => {
      if (!isVerb(verb) || who === undefined || group === undefined || more.length > 0) return undefined
      checkedGroup(group)
      return forPerson(who, async (parts, sub) => { await print(`${await setGroup(parts, sub, group, verb === 'add')}\n`) })
    },
  },
  allow: onPerson(allow),
  block: onPerson(block),
  'sign-out': onPerson(signOut),
  erase: onPerson(erase),
  import: {
    form: '<file.csv> [--json]',
    options: ['json'],
    plan: ([file, ...more], options) => file === undefined || more.length > 0
      ? undefined
      : async (parts) => {
        const counts = await importPeople(parts, file)
        await print(`${options.has('json') ? JSON.stringify(counts) : importLine(counts)}\n`)
      },
  },
  'forget-wechat-ids': {
    form: '',
    plan: (words) => words.length > 0 ? undefined : async (parts) => { await print(`${counted(await forgetWechatIds(parts), 'person', 'people')} had WeChat ids kept: they are deleted\n`) },
  },
}

await orExit(async () => {
  const { words: [name = '', ...words], options } = readArguments(process.argv.slice(2), ['state'])
  if (options.has('help') || options.has('-h')) {
    process.stdout.write(help)
    return
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined) return usage(Object.keys(commands).join('|'))
  const isKnown = [...options].every(([option, value]) => command.options?.includes(option) === true && (value === true) === (option !== 'state'))
  const work = isKnown ? command.plan(words, options) : undefined
  if (work === undefined) return usage(`${name} ${command.form}`.trim())
  await withParts(async (parts) => {
    try {
      await work(parts)
    } catch (error) {
      if (error instanceof Problem && error.code === 'store-unavailable') throw new Error('the store stopped answering. What was done until then stays: run the command again', { cause: error })
      throw error
    }
  })
})
