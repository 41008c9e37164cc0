/** The packages: exact versions with integrity hashes from the registry, none with a known vulnerability, and a reason in the READMEs for each that the service needs. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { textIn } from '../support/readmes.ts'

const read = (file: string): string => readFileSync(join(import.meta.dirname, '../..', file), 'utf8')

interface Package {
  readonly version: string
  readonly integrity?: string
  readonly resolved?: string
  readonly link?: boolean
  readonly hasInstallScript?: boolean
}

type Versions = Readonly<Record<string, string>>
const { dependencies, devDependencies, allowScripts } = JSON.parse(read('package.json')) as { dependencies: Versions, devDependencies: Versions, allowScripts: Readonly<Record<string, boolean>> }
const { lockfileVersion, packages: { '': root, ...packages } } = JSON.parse(read('package-lock.json')) as
  { lockfileVersion: number, packages: Readonly<Record<string, Package>> & { '': { dependencies: Versions, devDependencies: Versions } } }

const nameOf = (path: string): string => path.replace(/^.*node_modules\//, '')
const exact = /^\d+\.\d+\.\d+$/
/** A second major of a package, under a name of its own. */
const alias = /^npm:[@\w/-]+@(.*)$/

/** By package, and by major where several are fixed: the first version without a known vulnerability that matters here. */
const floors: Readonly<Record<string, readonly string[]>> = {
  'fast-jwt': ['6.3.6'],
  fastify: ['5.12.8'],
  '@fastify/proxy-addr': ['5.1.3'],
  'fast-uri': ['3.1.7', '4.2.3'],
  '@fastify/static': ['10.1.11'], // 10.1.12, which isn't published yet, fixes the listing of folders; here nothing is listed
  '@fastify/rate-limit': ['11.2.0'],
  undici: ['6.29.1', '7.30.2', '8.12.4'],
  '@keyv/redis': ['5.1.6'],
}

const numbers = (version: string): number[] => version.split(/[.-]/, 3).map(Number)
const isBelow = (version: string, floor: string): boolean => {
  const [is, least] = [numbers(version), numbers(floor)]
  const index = is.findIndex((number, i) => number !== least[i])
  return index !== -1 && (is[index] ?? 0) < (least[index] ?? 0)
}
/** The floor of a version's own major; the highest where that major has none. */
const floorFor = (version: string, list: readonly string[]): string => list.find((floor) => numbers(floor)[0] === numbers(version)[0]) ?? list.at(-1) ?? ''

await t.test('supply chain: every version is exact, and the same in the lock file', async (t) => {
  t.strictSame({ ...root.dependencies }, dependencies)
  t.strictSame({ ...root.devDependencies }, devDependencies)
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
    const [, is = ''] = alias.exec(version) ?? ['', version]
    t.match(is, exact, `${name} is exact`)
    t.equal(packages[`node_modules/${name}`]?.version, is, `${name} is locked`)
  }
})

await t.test('supply chain: every locked package has an integrity hash, and names no host', async (t) => {
  t.equal(lockfileVersion, 3)
  t.ok(Object.keys(packages).length > 100)
  const odd = Object.entries(packages).filter(([path, { integrity = '', resolved, link }]) =>
    !path.startsWith('node_modules/') || !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity) || resolved !== undefined || link !== undefined)
  t.strictSame(odd.map(([path]) => path), [])
})

await t.test('supply chain: only listed packages may run a script when they are installed', async (t) => {
  const scripted = Object.entries(packages).filter(([, { hasInstallScript }]) => hasInstallScript === true).map(([path]) => nameOf(path))
  t.strictSame([...new Set(scripted)].sort(), Object.keys(allowScripts).filter((name) => allowScripts[name]).sort())
})

await t.test('supply chain: no package in the tree is below its first version without a known vulnerability', async (t) => {
  for (const [name, list] of Object.entries(floors)) {
    const found = Object.entries(packages).filter(([path]) => nameOf(path) === name).map(([, { version }]) => version)
    t.ok(found.length > 0, `${name} is in the tree`)
    t.strictSame(found.filter((version) => isBelow(version, floorFor(version, list))), [], `${name} is not below its floor`)
  }
  t.strictSame([['5.12.7', '5.12.8'], ['5.12.8', '5.12.8'], ['5.9.9', '5.12.8'], ['6.0.0', '5.12.8'], ['4.99.9', '5.12.8']].map(([is = '', least = '']) => isBelow(is, least)), [true, false, true, false, true])
})

for (const language of ['en', 'zh-CN'] as const) {
  await t.test(`supply chain: the README in ${language} names every package that the service needs, with its reason, and no other`, async (t) => {
    const [, list = ''] = /<!-- packages -->\n([^]*?)\n\n/.exec(textIn(language)) ?? []
    const named = [...list.matchAll(/^\| (`.+`) \| (.{8,}) \|$/gm)].flatMap(([, names = '']) => [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name))
    t.strictSame(named.sort(), Object.keys(dependencies).sort())
  })
}
