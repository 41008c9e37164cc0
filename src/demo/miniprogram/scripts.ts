/** Scripts: TypeScript → ES modules, one per page and component, and chunks of shared code. `tsc` checks the types. */
import { readFile, realpath } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import { build } from 'esbuild'
import type { BuildFailure, Plugin } from 'esbuild'
import { CompileError } from './compile-error.ts'

export interface ScriptsOptions {
  readonly folder: string
  readonly modules: readonly string[]
  /** Replaces the value that config.ts exports. */
  readonly serviceUrl: string
}

/** Compiles to file name → script: `app.js`, `pages/login/login.js`, `chunk-….js`. Rejects with a `CompileError`. */
export const compileScripts = async ({ folder, modules, serviceUrl }: ScriptsOptions): Promise<Map<string, string>> => {
  const root = await realpath(folder) // esbuild reports real paths
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
    if (metafile.inputs['original-config:config.ts'] === undefined) throw new CompileError(['config.ts: no script imports it, so serviceUrl has no effect'])
    return new Map(outputFiles.map((file) => [relative(root, file.path).split(sep).join('/'), file.text]))
  } catch (error) {
    if (!isBuildFailure(error)) throw error
    throw new CompileError(error.errors.map(({ text, location }) => {
      if (text.includes('"original-config:')) return 'config.ts: exports no serviceUrl'
      return location ? `${location.file}:${location.line}:${location.column + 1}: ${text}` : text
    }))
  }
}

/** Refuses imports from outside: DevTools packs this folder only. */
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

/** Replaces config.ts by a module with the same exports but for `serviceUrl`: a module's own export takes precedence over those of `export *`. */
const serviceUrlPlugin = (root: string, serviceUrl: string): Plugin => ({
  name: 'service-url',
  setup ({ onLoad, onResolve }) {
    const config = join(root, 'config.ts')
    onResolve({ filter: /^original-config:/ }, () => ({ path: 'config.ts', namespace: 'original-config' }))
    onLoad({ filter: /.*/, namespace: 'original-config' }, async () => ({ contents: await readFile(config, 'utf8'), loader: 'ts', resolveDir: root }))
    onLoad({ filter: /[\\/]config\.ts$/ }, ({ path }) => path !== config
      ? undefined
      : {
          // Unused, so that compiling fails if config.ts has no such export.
          contents: `import { serviceUrl as original } from 'original-config:'\nexport * from 'original-config:'\nexport const serviceUrl = ${JSON.stringify(serviceUrl)}\n`,
          loader: 'js',
        })
  },
})

const isBuildFailure = (error: unknown): error is BuildFailure => error instanceof Error && 'errors' in error && Array.isArray(error.errors)
