/** Lets a test load the mini program's own files, whose imports carry no extension because its tools want none. Import it first, then `await import(…)`. */
import { registerHooks } from 'node:module'

const rooms = ['../../miniprogram/', '../../src/demo/phone/'].map((room) => new URL(room, import.meta.url).href)
const withoutExtension = /^\.\.?\/(?:.*\/)?[\w-]+$/

registerHooks({
  resolve: (specifier, context, next) => {
    const fromThere = rooms.some((room) => context.parentURL?.startsWith(room))
    return next(fromThere && withoutExtension.test(specifier) ? `${specifier}.ts` : specifier, context)
  },
})
