/**
 * Loaded first in the process of each test file whose coverage is not measured. tap hooks into the loading of modules all the same, reads each of them
 * once more and looks for its source map, which is a third of what the start of a file costs; only a report of coverage would ask for it.
 */
import module from 'node:module'

const { registerHooks } = module
module.registerHooks = () => { module.registerHooks = registerHooks } // the first to call is tap
process.setSourceMapsEnabled = () => {}
