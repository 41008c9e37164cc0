/** Loads every module, so that coverage includes those that no other test loads; and follows their imports. */
import { glob, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
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

const root = join(src, '..')
const imported = /(?:\bfrom|\bimport)\s*\(?\s*'(\.[^']+)'/g

/** The files of the repository that a file imports, types included: also in JSDoc, and without an extension as in the mini program. */
const importsOf = async (file: string, files: ReadonlySet<string>): Promise<readonly string[]> => {
  const text = await readFile(join(root, file), 'utf8')
  const paths = [...text.matchAll(imported)].map(([, path = '']) => join(dirname(file), path))
  return paths.flatMap((path) => [path, `${path}.ts`, `${path}.js`].filter((candidate) => files.has(candidate)))
}

/** The files that are loaded with a file: those of its imports, not for types alone and not by `import()`. */
const loadedWith = async (start: string): Promise<ReadonlySet<string>> => {
  const reached = new Set([start])
  for (const file of reached) { // a Set is walked with what is added meanwhile
    for (const [, path = ''] of (await readFile(join(root, file), 'utf8')).matchAll(/^(?:import|export) (?!type )[\w{}*,\s]+ from '(\.[^']+)'/gm)) reached.add(join(dirname(file), path))
  }
  return reached
}

await t.test('modules: the client of Redis is not loaded with the service, only with the first connection', async (t) => {
  const loaded = await loadedWith('src/server.ts')
  t.ok(loaded.has('src/stores/redis-adapter.ts'), 'the adapter is loaded')
  t.notOk(loaded.has('src/stores/redis-connection.ts'))
  const importers: string[] = []
  for await (const file of glob('src/**/*.ts', { cwd: root })) if (/'@keyv\/redis'/.test(await readFile(join(root, file), 'utf8'))) importers.push(file)
  t.strictSame(importers, ['src/stores/redis-client.ts'])
  t.ok((await loadedWith('src/stores/redis-connection.ts')).has('src/stores/redis-client.ts'), 'and it would be found')
})

/** The files from which imports lead back to themselves. */
const inCircles = (graph: ReadonlyMap<string, readonly string[]>): readonly string[] => [...graph.keys()].filter((start) => {
  const reached = new Set(graph.get(start))
  for (const file of reached) for (const next of graph.get(file) ?? []) reached.add(next) // a Set is walked with what is added meanwhile
  return reached.has(start)
})

await t.test('modules: none imports itself over others, not even for a type, when src, static and miniprogram are read', async (t) => {
  const files = new Set<string>()
  for await (const file of glob(['src/**/*.ts', 'static/**/*.js', 'miniprogram/**/*.ts'], { cwd: root, exclude: ['**/node_modules/**'] })) files.add(file)
  const graph = new Map(await Promise.all([...files].map(async (file) => [file, await importsOf(file, files)] as const)))
  t.ok([...graph.values()].flat().length > files.size, 'imports are found')
  t.strictSame(inCircles(graph), [])
  t.strictSame(inCircles(new Map([['a', ['b']], ['b', ['c']], ['c', ['b']]])), ['b', 'c'], 'and one would be found')
})
