/**
 * `npm run build`: the service, its commands and its pages for production, in dist/. The folder needs no packages and no other file of this repository, and
 * what a service has put into it (`data/`, `.env`) stays. A build that fails leaves the last one as it is. `node .ci/build/main.ts <folder>` builds into another one.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { build, type Metafile } from 'esbuild'
import { builtins, builtPages, dispatchersOfUndici, lazyPackages, oneCopy, separateFiles, separatePackages } from './plugins.ts'
import { onlySources, type SourceMap } from './source-map.ts'
import { readScripts, staticFolder } from '../../src/http/page-files.ts'

const repository = join(import.meta.dirname, '../..')
const dist = resolve(process.argv[2] ?? join(repository, 'dist'))
/** Where it is built, on the same file system: what is complete is renamed. */
const draft = join(dist, '.draft')

/** What each program in dist/ is made of. */
const programs = { server: 'src/server.ts', keys: 'src/keys.ts', healthcheck: 'src/commands/healthcheck.ts', people: 'src/commands/people.ts', clients: 'src/commands/clients.ts', doctor: 'src/commands/doctor.ts', backup: 'src/commands/backup.ts', restore: 'src/commands/restore.ts' } as const

/** Files of static/ that are sent, or read at the start, as they are. */
const sentAsTheyAre = /\.(?:html|css|d\.ts)$/

/** What packages in CommonJS expect, inside an ES module. */
const commonJs = 'const require = process.getBuiltinModule("node:module").createRequire(import.meta.url), __dirname = import.meta.dirname, __filename = import.meta.filename;'

/** Writes the programs into the draft. Their maps lead from where they will be. */
const bundle = async (): Promise<Metafile> => {
  const { metafile, outputFiles } = await build({
    absWorkingDir: repository,
    entryPoints: { ...programs, ...separatePackages },
    outdir: join(dist, 'app'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22.19',
    minifyWhitespace: true, // drops comments, too: with one character beyond Latin-1 in it, a file's text takes twice the memory
    tsconfigRaw: {}, // the options are here alone: an image is built without tsconfig.json
    plugins: [builtPages, builtins, separateFiles, lazyPackages, dispatchersOfUndici, oneCopy],
    banner: { js: commonJs },
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'linked', // beside the licences of whole packages
    metafile: true,
    write: false,
    logLevel: 'warning',
  })
  for (const { path, contents } of outputFiles) writeFileSync(join(draft, 'app', basename(path)), contents)
  for (const name of Object.keys({ ...programs, ...separatePackages })) {
    const file = join(draft, 'app', `${name}.js.map`)
    const map = JSON.parse(readFileSync(file, 'utf8')) as SourceMap
    // A stack names the lines of our own sources: with those of the packages, a map takes 15 MB more of a service's memory once it is read.
    writeFileSync(file, JSON.stringify(onlySources(map, (source) => /\.[jt]s$/.test(source) && !source.includes('node_modules/'))))
  }
  return metafile
}

/** A program: an old Node.js is told so first, and stacks.js is there before anything can fail. */
const programOf = (name: string): string => `import './app/node-version.cjs'\nimport './app/stacks.js'\nawait import('./app/${name}.js')\n`

interface Manifest {
  readonly name: string
  readonly version: string
  readonly license?: string
}

const manifestIn = (folder: string): Manifest & Readonly<Record<string, unknown>> => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))

/** The licences of this service and of every package that is in the bundles. */
const licencesOf = ({ inputs }: Metafile): string => {
  const folders = new Set(Object.keys(inputs).flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []))
  return [repository, ...[...folders].sort().map((folder) => join(repository, folder))].map((folder) => {
    const { name, version, license = 'see its package.json' } = manifestIn(folder)
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
    return `${name} ${version} (${license})\n\n${file === undefined ? 'The package has no file with its licence.\n' : readFileSync(join(folder, file), 'utf8')}`
  }).join(`\n${'-'.repeat(80)}\n\n`)
}

/** Makes `npm start` and `npm run keys` work in dist/, and Node.js take its files for ES modules. */
const manifest = (): string => {
  const { name, version, license, type, engines } = manifestIn(repository)
  const scripts = { start: 'exec node server.js', ...Object.fromEntries(Object.keys(programs).filter((program) => program !== 'server').map((program) => [program, `node ${program}.js`])) }
  return `${JSON.stringify({ name, version, license, private: true, type, engines, scripts }, null, 2)}\n`
}

const buildDraft = async (): Promise<void> => {
  for (const folder of ['app', 'static']) mkdirSync(join(draft, folder), { recursive: true })
  const metafile = await bundle()
  copyFileSync(join(repository, 'src/node-version.cjs'), join(draft, 'app/node-version.cjs'))
  copyFileSync(join(import.meta.dirname, 'stacks.js'), join(draft, 'app/stacks.js'))
  for (const name of Object.keys(programs)) writeFileSync(join(draft, `${name}.js`), programOf(name))
  for (const name of readdirSync(staticFolder).filter((file) => sentAsTheyAre.test(file))) copyFileSync(join(staticFolder, name), join(draft, 'static', name))
  for (const [name, { identity, br, gzip }] of await readScripts()) {
    for (const [end, bytes] of [['', identity], ['.br', br], ['.gz', gzip]] as const) writeFileSync(join(draft, 'static', name + end), bytes)
  }
  writeFileSync(join(draft, 'LICENSES.txt'), licencesOf(metafile))
  writeFileSync(join(draft, 'package.json'), manifest())
}

/** Puts the draft in place of the last build. A folder can't be renamed over another: the old ones go into the draft, and with that away. */
const takeOver = (): void => {
  for (const name of readdirSync(draft)) {
    const target = join(dist, name)
    if (existsSync(target)) renameSync(target, join(draft, `old-${name}`))
    renameSync(join(draft, name), target)
  }
}

const removeDraft = (): void => { rmSync(draft, { recursive: true, force: true }) }

removeDraft() // of a build that was killed
try {
  await buildDraft()
  takeOver()
} finally {
  removeDraft()
}
process.stdout.write(`${dist}: run "node server.js" there, or from a folder with your .env\n`)
