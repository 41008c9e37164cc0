/**
 * Preloaded into tap's processes, above all those of the test files, unless coverage is measured: turns off work of tap's that takes a third of the time of
 * many files.
 *
 * tap reads every module once more for its source map, which only a coverage report needs. And it tracks every promise of the process, to know to which
 * subtest an uncaught error belongs: without that such an error ends the file, and is still reported with its stack.
 */
import hooks from 'node:async_hooks'
import module, { syncBuiltinESMExports } from 'node:module'

const nothing = { enable: () => nothing, disable: () => nothing }
hooks.createHook = () => nothing
syncBuiltinESMExports()

const { registerHooks } = module
module.registerHooks = () => { module.registerHooks = registerHooks } // tap makes the first call; tests import the function by its name
process.setSourceMapsEnabled = () => {}
