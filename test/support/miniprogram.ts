/**
 * Lets a test import the mini program's files, whose imports have no extension because its tools want none. Import this first, then `await import(…)`. What a
 * file with `?start=…` after its name imports is loaded anew for each value, as at a start of the mini program.
 */
import { registerHooks } from 'node:module'

const folder = new URL('../../miniprogram/', import.meta.url).href
const withoutExtension = /^\.\.?\/(?:.*\/)?[\w-]+$/

registerHooks({
  resolve: (specifier, context, next) => {
    const isMiniProgram = context.parentURL?.startsWith(folder) ?? false
    const start = /\?start=\w+$/.exec(context.parentURL ?? '')?.[0] ?? ''
    return next(isMiniProgram && withoutExtension.test(specifier) ? `${specifier}.ts${start}` : specifier, context)
  },
})
