/** The pages' scripts, bundled when the service starts: one file each with all its imports, as every round trip through a slow proxy counts. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { style } from '../../static/scan-login/style.js'
import { makeStaticFile, type StaticFile } from './static-files.ts'

/** The folder of the pages and their files. */
export const staticFolder = join(import.meta.dirname, '../../static')
/** The scripts that pages load; all other scripts in static/ are parts of these. */
const entries = ['login', 'me', 'scan-login'] as const

/** The oldest browsers that have all that our scripts call; static/README.md names them, and older ones are told so by without-scripts.html. */
export const oldestBrowsers = ['chrome80', 'firefox78', 'safari14.1'] as const

/** The source for `style-src` that allows the element's style in a <style>, for browsers without constructed style sheets. Minifying leaves what a string says as it is. */
export const elementStyleSource = `'sha256-${createHash('sha256').update(style).digest('base64')}'`

let bundled: Promise<ReadonlyMap<string, StaticFile>> | undefined

/** Returns the scripts by file name. They don't change while a process lives, so they are bundled once for all callers. */
export const pageScripts = (): Promise<ReadonlyMap<string, StaticFile>> => {
  bundled ??= bundle()
  return bundled
}

const bundle = async (): Promise<ReadonlyMap<string, StaticFile>> => {
  // Synchronous, as nothing is served yet: the asynchronous way leaves a process of esbuild running beside ours.
  const { outputFiles } = buildSync({
    entryPoints: entries.map((name) => ({ in: join(staticFolder, `${name}.js`), out: name })),
    absWorkingDir: staticFolder,
    outdir: staticFolder,
    write: false,
    bundle: true,
    minify: true,
    format: 'esm',
    charset: 'utf8',
    target: [...oldestBrowsers],
    logLevel: 'silent',
  })
  return new Map(await Promise.all(outputFiles.map(async ({ path, text }) =>
    [path.slice(staticFolder.length + 1), await makeStaticFile('text/javascript; charset=utf-8', text)] as const)))
}
