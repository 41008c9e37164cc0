/** Owns scripts: the mini program's TypeScript → ES modules, one per page and component, and what they share. Types are the business of `tsc`. */
import { readFile, realpath } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import { build } from 'esbuild'
import type { BuildFailure, Plugin } from 'esbuild'
import { CompileError } from './compile-error.ts'

export interface ScriptsOptions {
  readonly folder: string
  readonly modules: readonly string[]
  /** Stands in place of what config.ts exports. */
  readonly serviceUrl: string
}

/** File name → script: `app.js`, `pages/login/login.js`, `chunk-….js`. */
export const compileScripts = async ({ folder, modules, serviceUrl }: ScriptsOptions): Promise<Map<string, string>> => {
  const root = await realpath(folder) // as esbuild tells where a file is
  try {
    const { outputFiles, metafile } = await build({
      entryPoints: ['app', ...modules].map((path) => ({ in: join(root, `${path}.ts`), out: path })),
      absWorkingDir: root,
      outdir: root,
      bundle: true,
      splitting: true,
      write: false,
      format: 'esm',
      target: 'es2022',
      charset: 'utf8',
      chunkNames: 'chunk-[hash]',
      resolveExtensions: ['.ts', '.js'],
      tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
      metafile: true,
      logLevel: 'silent',
      plugins: [serviceUrlPlugin(root, serviceUrl), insidePlugin(root)],
    })
    if (metafile.inputs['as-written:config.ts'] === undefined) throw new CompileError(['config.ts: no script imports it, so that no serviceUrl is set'])
    return new Map(outputFiles.map((file) => [relative(root, file.path).split(sep).join('/'), file.text]))
  } catch (error) {
    if (!isBuildFailure(error)) throw error
    throw new CompileError(error.errors.map(({ text, location }) => {
      if (text.includes('"as-written:')) return 'config.ts: exports no serviceUrl'
      return location ? `${location.file}:${location.line}:${location.column + 1}: ${text}` : text
    }))
  }
}

/** DevTools packs the folder and nothing else. */
const insidePlugin = (root: string): Plugin => ({
  name: 'inside',
  setup ({ onResolve }) {
    onResolve({ filter: /.*/ }, ({ path, resolveDir, kind }) => {
      if (kind === 'entry-point') return undefined
      const fromRoot = relative(root, resolve(resolveDir, path))
      if (!path.startsWith('.')) return { errors: [{ text: `"${path}" is no relative path, and packages are not supported` }] }
      if (fromRoot.startsWith('..') || isAbsolute(fromRoot)) return { errors: [{ text: `"${path}" leads out of the mini program` }] }
      return undefined
    })
  },
})

/** Puts a module in place of config.ts that exports the same but for the one name. An own export outranks those of `export *`. */
const serviceUrlPlugin = (root: string, serviceUrl: string): Plugin => ({
  name: 'service-url',
  setup ({ onLoad, onResolve }) {
    const config = join(root, 'config.ts')
    onResolve({ filter: /^as-written:/ }, () => ({ path: 'config.ts', namespace: 'as-written' }))
    onLoad({ filter: /.*/, namespace: 'as-written' }, async () => ({ contents: await readFile(config, 'utf8'), loader: 'ts', resolveDir: root }))
    onLoad({ filter: /[\\/]config\.ts$/ }, ({ path }) => path !== config
      ? undefined
      : {
          // The import fails where config.ts has no such export any more.
          contents: `import { serviceUrl as asWritten } from 'as-written:'\nexport * from 'as-written:'\nexport const serviceUrl = ${JSON.stringify(serviceUrl)}\n`,
          loader: 'js',
        })
  },
})

const isBuildFailure = (error: unknown): error is BuildFailure => error instanceof Error && 'errors' in error && Array.isArray(error.errors)
