/** The words and options of a command line. */
import { isSecret } from '../domain/ids.ts'

export interface Arguments {
  readonly words: readonly string[]
  /** By name; true for one without a value. One that is given twice has its values in lines. */
  readonly options: ReadonlyMap<string, string | true>
}

/** `withValue` are the options that take the next argument. A sub may begin with "-", and is no option. */
export const readArguments = (args: readonly string[], withValue: readonly string[]): Arguments => {
  const words: string[] = []
  const options = new Map<string, string | true>()
  const rest = [...args]
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (isSecret(arg) || !arg.startsWith('-')) {
      words.push(arg)
      continue
    }
    const [, name = arg, value] = /^--([^=]+)(?:=(.*))?$/s.exec(arg) ?? []
    const given = value ?? (withValue.includes(name) ? rest.shift() ?? '' : true)
    const before = options.get(name)
    options.set(name, before === undefined || before === true || given === true ? given : `${before}\n${given}`)
  }
  return { words, options }
}
