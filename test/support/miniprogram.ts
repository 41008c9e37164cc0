/** Lets a test load the mini program's own files, whose imports carry no extension because its tools want none. Import it first, then `await import(…)`. */
import { registerHooks } from 'node:module'

const room = new URL('../../miniprogram/', import.meta.url).href
const withoutExtension = /^\.\.?\/(?:.*\/)?[\w-]+$/

registerHooks({
  resolve: (specifier, context, next) => {
    const isFromThere = context.parentURL?.startsWith(room) ?? false
    return next(isFromThere && withoutExtension.test(specifier) ? `${specifier}.ts` : specifier, context)
  },
})
