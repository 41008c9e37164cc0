/** What the bundles leave out of their packages, or load in another way: less text to read at the start, and less memory. */
import { readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import type { Plugin } from 'esbuild'

/** The pages' files lie elsewhere, and their scripts are joined now: so esbuild itself stays out. */
export const builtPages: Plugin = {
  name: 'built pages',
  setup: ({ onResolve }) => {
    onResolve({ filter: /\/page-files\.ts$/ }, ({ path, resolveDir }) => ({ path: join(resolveDir, path.replace('page-files', 'built-page-files')) }))
  },
}

/**
 * Node's own modules as properties, taken from what `require` returns. An import makes a namespace with all that a module exports: for `node:http` that loads
 * Node's fetch and WebSocket.
 */
export const builtins: Plugin = {
  name: 'builtins',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^/ }, ({ path, kind }) => kind === 'import-statement' && isBuiltin(path) ? { path, namespace: 'builtin' } : undefined)
    onLoad({ filter: /^/, namespace: 'builtin' }, ({ path }) => ({
      contents: [
        `const builtin = process.getBuiltinModule(${JSON.stringify(path)})`,
        'export default builtin',
        ...namesIn(path).map((name) => `export const ${name} = /* @__PURE__ */ (() => builtin.${name})()`), // what nobody imports is left out, as it is pure
      ].join('\n'),
    }))
  },
}

const namesIn = (path: string): readonly string[] => Object.keys(process.getBuiltinModule(path) ?? {}).filter((name) => /^(?!default$)[A-Za-z_]\w*$/.test(name))

/** One copy of each version of a package: npm puts several into the tree where another version took the place at its top. */
export const oneCopy: Plugin = {
  name: 'one copy',
  setup: ({ onResolve, resolve }) => {
    const folders = new Map<string, string>()
    onResolve({ filter: /^[^.]/ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === resolving || from.kind === 'entry-point' || isBuiltin(path)) return undefined
      const found = await resolve(path, { ...from, pluginData: resolving })
      const folder = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(found.path)?.[0]
      if (folder === undefined || found.errors.length > 0) return undefined
      const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name: string, version: string }
      const first = folders.get(`${name} ${version}`) ?? folder
      folders.set(`${name} ${version}`, first)
      return { ...found, path: first + found.path.slice(folder.length) }
    })
  },
}

/** Marks a question to esbuild itself, which asks the plugins, too. */
const resolving = Symbol('resolving')

/** Functions of packages that are loaded when one is first called. Most services never call them, or not before a person has a name. */
const atFirstCall: Readonly<Record<string, readonly string[]>> = {
  tldts: ['parse'],
  unhomoglyph: ['default'],
  yaml: ['parse', 'stringify'], // of @fastify/swagger
  glob: ['glob'], // of @fastify/static
}

export const lazyPackages: Plugin = {
  name: 'lazy packages',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: new RegExp(`^(?:${Object.keys(atFirstCall).join('|')})$`) }, ({ path, namespace, resolveDir }) =>
      namespace === 'lazy' ? undefined : { path, namespace: 'lazy', pluginData: resolveDir })
    onLoad({ filter: /^/, namespace: 'lazy' }, ({ path, pluginData }) => ({
      resolveDir: String(pluginData),
      contents: (atFirstCall[path] ?? []).map((name) => name === 'default'
        ? `export default (...args) => require('${path}')(...args)`
        : `export const ${name} = (...args) => require('${path}').${name}(...args)`).join('\n'),
    }))
  },
}

/** Packages in a file of their own, as most services never load them: 1 MB of text in the same file takes 7 MB of memory. */
export const separatePackages = { 'oidc-provider': 'oidc-provider', 'prom-client': 'prom-client' } as const

export const separateFiles: Plugin = {
  name: 'separate files',
  setup: ({ onResolve }) => {
    onResolve({ filter: new RegExp(`^(?:${Object.keys(separatePackages).join('|')})$`) }, ({ path, kind }) => kind === 'dynamic-import' ? { path: `./${path}.js`, external: true } : undefined)
  },
}

/** undici without its fetch, WebSocket, caches and mocks, which its index loads. A name that is missing here fails the build. */
const undiciFiles: Readonly<Record<string, string>> = {
  Agent: 'dispatcher/agent', Client: 'dispatcher/client', Pool: 'dispatcher/pool', ProxyAgent: 'dispatcher/proxy-agent', buildConnector: 'core/connect', errors: 'core/errors',
}

export const dispatchersOfUndici: Plugin = {
  name: 'dispatchers of undici',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^undici$/ }, ({ resolveDir }) => ({ path: 'undici', namespace: 'undici', pluginData: resolveDir }))
    onLoad({ filter: /^/, namespace: 'undici' }, ({ pluginData }) => ({
      resolveDir: String(pluginData),
      contents: Object.entries(undiciFiles).map(([name, file]) => `export { default as ${name} } from 'undici/lib/${file}.js'`).join('\n'),
    }))
  },
}
