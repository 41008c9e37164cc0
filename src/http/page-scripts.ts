/** Owns the scripts of the pages as they are sent: each with all that it imports in one small piece, for every round through a slow proxy counts. Made once, when a service starts. */
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { makeStaticFile, type StaticFile } from './static-files.ts'

/** Where the pages and all that they need lie. */
export const staticFolder = join(import.meta.dirname, '../../static')
/** What a page may load; everything else in static/ is a part of these. */
const entries = ['login', 'me', 'scan-login'] as const

let made: Promise<ReadonlyMap<string, StaticFile>> | undefined

/** The scripts by their file names. They don't change while a process lives, so all who ask share one making. */
export const pageScripts = (): Promise<ReadonlyMap<string, StaticFile>> => {
  made ??= make()
  return made
}

const make = async (): Promise<ReadonlyMap<string, StaticFile>> => {
  // In one go before anything is served, for the other way leaves a process of esbuild's running beside ours.
  const { outputFiles } = buildSync({
    entryPoints: entries.map((name) => ({ in: join(staticFolder, `${name}.js`), out: name })),
    absWorkingDir: staticFolder,
    outdir: staticFolder,
    write: false,
    bundle: true,
    minify: true,
    format: 'esm',
    charset: 'utf8',
    target: ['chrome87', 'firefox90', 'safari15'], // the oldest browsers that phones and offices still come with; fetch, modules and custom elements are older
    logLevel: 'silent',
  })
  return new Map(await Promise.all(outputFiles.map(async ({ path, text }) =>
    [path.slice(staticFolder.length + 1), await makeStaticFile('text/javascript; charset=utf-8', text)] as const)))
}
