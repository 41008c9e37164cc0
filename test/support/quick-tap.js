/**
 * Loaded first in tap's processes, that of each test file above all, unless coverage is measured: takes out what tap does there for nothing, a third of what many files cost.
 *
 * It reads every module once more and looks for its source map, which only a report of coverage asks for. And it follows every promise of the process, to
 * know which subtest an error belongs to that nobody caught: without that such an error ends the file, and is told with its place all the same.
 */
import hooks from 'node:async_hooks'
import module, { syncBuiltinESMExports } from 'node:module'

const nothing = { enable: () => nothing, disable: () => nothing }
hooks.createHook = () => nothing
syncBuiltinESMExports()

const { registerHooks } = module
module.registerHooks = () => { module.registerHooks = registerHooks } // the first to call is tap; tests import it by its name
process.setSourceMapsEnabled = () => {}
