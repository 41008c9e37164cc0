/** Lets a test import the mini program's files, whose imports have no extension because its tools want none. Import this first, then `await import(…)`. */
import { registerHooks } from 'node:module'

const folder = new URL('../../miniprogram/', import.meta.url).href
const withoutExtension = /^\.\.?\/(?:.*\/)?[\w-]+$/

registerHooks({
  resolve: (specifier, context, next) => {
    const isMiniProgram = context.parentURL?.startsWith(folder) ?? false
    return next(isMiniProgram && withoutExtension.test(specifier) ? `${specifier}.ts` : specifier, context)
  },
})
