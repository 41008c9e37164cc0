/** Joins the pages' scripts: one file each with all its imports, as every round trip through a slow proxy counts. */
import { join } from 'node:path'

/** The scripts that pages load; all other scripts in static/ are parts of these. */
const entries = ['login', 'me', 'scan-login'] as const

/** The oldest browsers that have all that our scripts call; static/README.md names them, and older ones are told so by without-scripts.html. */
export const oldestBrowsers = ['chrome80', 'firefox78', 'safari14.1'] as const

/** Returns the joined scripts of a folder by file name. Throws an Error whose message is one line for the operator where esbuild is not installed. */
export const joinScripts = async (folder: string): Promise<ReadonlyMap<string, string>> => {
  const { buildSync } = await loadEsbuild()
  // Synchronous, as nothing is served yet: the asynchronous way leaves a process of esbuild running beside ours.
  const { outputFiles } = buildSync({
    entryPoints: entries.map((name) => ({ in: join(folder, `${name}.js`), out: name })),
    absWorkingDir: folder,
    outdir: folder,
    write: false,
    bundle: true,
    minify: true,
    format: 'esm',
    charset: 'utf8',
    target: [...oldestBrowsers],
    logLevel: 'silent',
  })
  return new Map(outputFiles.map(({ path, text }) => [path.slice(folder.length + 1), text]))
}

const loadEsbuild = async (): Promise<typeof import('esbuild')> => {
  try {
    return await import('esbuild')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause // a failed import is an Error
    throw new Error('the sources need esbuild, which joins the pages\' scripts and is a development package: run "npm ci" without --omit=dev, then "npm run build", and start "node dist/server.js"', { cause })
  }
}
