/**
 * Stacks that name the lines of the sources, by the map beside each program. Node's own way (`process.setSourceMapsEnabled`) takes 7 MB at the start, as it
 * reads the map and measures every line of the program then. Here both wait for the first stack.
 */
import { readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'

const maps = new Map()

const mapOf = (program) => {
  if (!maps.has(program)) maps.set(program, new SourceMap(JSON.parse(readFileSync(new URL(`${program}.map`), 'utf8'))))
  return maps.get(program)
}

/** A place in a program. Where that is a package's, it stays as it is: the maps have our own sources alone. */
const original = (place, program, line, column) => {
  const { originalSource, originalLine, originalColumn } = mapOf(program).findEntry(Number(line) - 1, Number(column) - 1)
  return originalSource === undefined ? place : `${originalSource.replace(/^(?:\.\.\/)+/, '')}:${originalLine + 1}:${originalColumn + 1}`
}

const sourceOf = (call) => {
  try {
    return String(call).replace(/(file:.+\/app\/\w+\.js):(\d+):(\d+)/, original)
  } catch {
    return String(call) // without its map a program's own lines are better than no stack
  }
}

Error.prepareStackTrace = (error, calls) => [Error.prototype.toString.call(error), ...calls.map((call) => `    at ${sourceOf(call)}`)].join('\n')
