/** Loads every module, so that coverage includes those that no other test loads. */
import { glob } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'

const src = join(import.meta.dirname, '../../src')
/** These start something when they are loaded, or run in a browser. */
const entries = /^(?:server|keys|commands\/.*|demo\/main|demo\/(?:phone|runtime)\/.*)\.ts$/

for await (const file of glob('**/*.ts', { cwd: src })) {
  if (entries.test(file)) continue
  await t.test(`module: ${file} can be loaded by itself`, async (t) => {
    t.equal(typeof await import(join(src, file)), 'object')
  })
}
