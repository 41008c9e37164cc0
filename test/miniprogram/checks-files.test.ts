// The checks of JSON files and of the package, which find faults that WeChat's tools don't report.
import t from 'tap'
import type { Test } from 'tap'
import { checkJsonFiles } from '../../.ci/miniprogram/json-schemas.ts'
import { checkPackaging, ownLimitBytes } from '../../.ci/miniprogram/packaging.ts'
import type { Problem } from '../../.ci/miniprogram/problem.ts'
import { readProject } from '../../src/demo/miniprogram/project.ts'
import { smallMiniProgram, writeSmallMiniProgram } from '../support/small-miniprogram.ts'
import type { Files } from '../support/write-files.ts'

const linesOf = (problems: readonly Problem[]): string[] => problems.map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`)

const checkPackage = async (t: Test, changes: Files): Promise<string[]> => {
  const folder = await writeSmallMiniProgram(t, changes)
  return linesOf(checkPackaging(folder, await readProject(folder)))
}

/** Replaces a piece of a file's text; throws if the file doesn't have it. */
const edited = (file: keyof typeof smallMiniProgram, from: string, to: string): Files => {
  if (!smallMiniProgram[file].includes(from)) throw new Error(`${file} has no ${from}`)
  return { [file]: smallMiniProgram[file].replace(from, to) }
}

const jsonFaults: ReadonlyArray<readonly [string, Files, readonly string[]]> = [
  ['nothing', {}, []],
  ['an unknown key', edited('app.json', '"darkmode"', '"foo": 1,\n  "darkmode"'), ['app.json:4:3 unknown key "foo"']],
  ['an unknown key of the window', edited('app.json', '"window": {', '"window": { "navigationBarTitle": "a",'), ['app.json:3:15 unknown key "navigationBarTitle"']],
  ['a permission', edited('app.json', '"darkmode"', '"permission": {},\n  "darkmode"'), ['app.json:4:3 unknown key "permission"']],
  ['a missing page', edited('app.json', '["pages/home/home"]', '["pages/home/home", "pages/gone/gone"]'), [
    'app.json:2:32 "pages/gone/gone.ts" is missing',
    'app.json:2:32 "pages/gone/gone.wxml" is missing',
    'app.json:2:32 "pages/gone/gone.wxss" is missing',
    'pages/gone/gone.json:1:1 is missing: app.json lists the page',
  ]],
  ['a first page that is none', edited('app.json', '"darkmode"', '"entryPagePath": "pages/gone/gone",\n  "darkmode"'), ['app.json:4:3 "pages/gone/gone" is not among the pages']],
  ['a colour that is none', edited('app.json', '"@bar"', '"white"'), [
    'theme.json:2:14 "bar" is used nowhere',
    'theme.json:3:13 "bar" is used nowhere',
    'app.json:3:15 must match pattern "^#[0-9a-fA-F]{6}$"',
  ]],
  ['a name that no theme has', edited('app.json', '"@bar"', '"@ground"'), [
    'app.json:3:15 "@ground" is not in the theme "light"',
    'app.json:3:15 "@ground" is not in the theme "dark"',
    'theme.json:2:14 "bar" is used nowhere',
    'theme.json:3:13 "bar" is used nowhere',
  ]],
  ['a name that one theme lacks', edited('theme.json', '"bar": "#000000", ', ''), [
    'app.json:3:15 "@bar" is not in the theme "dark"',
    'theme.json:2:14 "bar" is not in the theme "dark"',
  ]],
  ['a wrong value in one theme', edited('theme.json', '"white"', '"grey"'), ['app.json:3:55 must be "black" or "white" in the theme "dark"']],
  ['a theme alone', edited('theme.json', ',\n  "dark": { "bar": "#000000", "text": "white" }', ''), [
    'app.json:3:15 "@bar" has no theme: themeLocation is missing or wrong',
    'app.json:3:55 "@text" has no theme: themeLocation is missing or wrong',
    'theme.json:1:1 must have required properties dark',
  ]],
  ['themes without dark mode', edited('app.json', '"darkmode": true', '"darkmode": false'), ['app.json:5:3 has no effect without "darkmode": true']],
  ['dark mode without themes', edited('app.json', '"themeLocation": "theme.json",\n  ', ''), [
    'app.json:3:15 "@bar" has no theme: themeLocation is missing or wrong',
    'app.json:3:55 "@text" has no theme: themeLocation is missing or wrong',
    'app.json:4:3 needs a themeLocation',
  ]],
  ['themes that are nowhere', edited('app.json', 'theme.json', 'themes.json'), [
    'app.json:3:15 "@bar" has no theme: themeLocation is missing or wrong',
    'app.json:3:55 "@text" has no theme: themeLocation is missing or wrong',
    'themes.json:1:1 is missing: app.json names it as themeLocation',
  ]],
  ['an unknown key of a page', edited('pages/home/home.json', '{ ', '{ "pullDown": true, '), ['pages/home/home.json:1:3 unknown key "pullDown"']],
  ['a page that says it is a component', edited('pages/home/home.json', '{ ', '{ "component": true, '), ['pages/home/home.json:1:3 unknown key "component"']],
  ['a component that does not say so', { 'components/card/card.json': '{}' }, ['components/card/card.json:1:1 must have required properties component']],
  ['a sitemap of an unknown page', edited('sitemap.json', '"page": "*"', '"page": "pages/gone/gone"'), ['sitemap.json:1:37 "pages/gone/gone" is not among the pages']],
  ['a sitemap of an unknown action', edited('sitemap.json', 'disallow', 'forbid'), ['sitemap.json:1:15 must be "allow" or "disallow"']],
  ['an old base library', edited('project.config.json', '2.32.3', '2.9.4'), ['project.config.json:5:3 "2.9.4" is older than 2.32.3']],
  ['a newer base library', edited('project.config.json', '2.32.3', '3.0.0'), []],
  ['an operator\'s appid', edited('project.config.json', 'touristappid', 'wx0123456789abcdef'), []],
  ['an appid that is none', edited('project.config.json', 'touristappid', 'wx01'), ['project.config.json:2:3 must match pattern "^(?:touristappid|wx[0-9a-f]{16})$"']],
  ['a root that DevTools gets lost with', edited('project.config.json', '""', '"./"'), ['project.config.json:6:3 must be ""']],
  ['domains that are not checked', edited('project.config.json', '"urlCheck": true', '"urlCheck": false'), ['project.config.json:7:54 must be true']],
  ['a page without style', { 'pages/home/home.wxss': undefined }, ['app.json:2:13 "pages/home/home.wxss" is missing']],
  ['no style of WeChat\'s', edited('app.json', ',\n  "style": "v2"', ''), ['app.json:1:1 must have required properties style']],
  ['scripts that are left as they are', edited('project.config.json', '"es6": true, "enhance": true', '"es6": false'), [
    'project.config.json:7:3 must have required properties enhance',
    'project.config.json:7:72 must be true',
  ]],
  ['no TypeScript', edited('project.config.json', '["typescript"]', '[]'), ['project.config.json:7:16 must not have fewer than 1 items']],
  ['no JSON', edited('theme.json', '},\n', '}\n'), [
    'app.json:3:15 "@bar" has no theme: themeLocation is missing or wrong',
    'app.json:3:55 "@text" has no theme: themeLocation is missing or wrong',
    'theme.json:3:3 SyntaxError: Expected \',\' or \'}\' after property value in JSON at position 53 (line 3 column 3)',
  ]],
  ['no object', { 'sitemap.json': '[]' }, ['sitemap.json:1:1 must be a JSON object']],
  ['no project file', { 'project.config.json': undefined }, ['project.config.json:1:1 is missing: DevTools opens the project by it']],
]

await t.test('JSON files: each fault is found where it is', async (t) => {
  for (const [what, changes, expected] of jsonFaults) {
    t.strictSame(linesOf(checkJsonFiles(await writeSmallMiniProgram(t, changes))).sort(), [...expected].sort(), what)
  }
})

const home = smallMiniProgram['pages/home/home.ts']
const importing = (statement: string): Files => ({ 'pages/home/home.ts': `${home}${statement}\n` })
const at = `pages/home/home.ts:${home.split('\n').length}`

const packageFaults: ReadonlyArray<readonly [string, Files, readonly string[]]> = [
  ['nothing', {}, []],
  ['an import of a package', importing('import \'undici\''), [`${at}:8 "undici" is no relative path, and packages are not built in`]],
  ['an import with its extension', importing('import \'../../rows.ts\''), [`${at}:8 "../../rows.ts": DevTools wants imports without extension`]],
  ['an import from outside', importing('import type { A } from \'../../../src/errors\''), [`${at}:24 "../../../src/errors" leads out of the folder that is packed`]],
  ['an import of what is not there', importing('export * from \'./gone\''), [`${at}:15 "pages/home/gone.ts" is missing`]],
  ['an import in other letters', importing('import \'../../Rows\''), [`${at}:8 "../../Rows": the file is named "rows.ts", and phones are case-sensitive`]],
  ['a dynamic import', importing('void import(\'../../rows\')'), [`${at}:13 a dynamic import is not packed`]],
  ['a computed require', importing('require(rows)'), [`${at}:9 an import that is computed is not packed`]],
  ['an import that only a comment has', importing('// import \'gone\''), []],
  ['a missing picture', edited('pages/home/home.wxml', 'dot.png', 'dots.png'), [
    'pages/home/home.wxml:3:13 "pages/home/dots.png" is missing',
    'pages/home/dot.png:1:1 is packed but not used: use it, remove it, or add it to packOptions.ignore',
  ]],
  ['a picture of a kind that is not packed', { ...edited('pages/home/home.wxml', 'dot.png', 'dot.webp'), 'pages/home/dot.png': undefined, 'pages/home/dot.webp': '' }, [
    'pages/home/dot.webp:1:1 is of a kind that is not packed, though pages/home/home.wxml needs it',
  ]],
  ['a picture from the network', edited('pages/home/home.wxml', '/>\n', '/>\n<image src="https://a.example/a.png" />'), []],
  ['a missing style', edited('app.wxss', 'shared', './gone'), [
    'app.wxss:1:10 "gone.wxss" is missing',
    'shared.wxss:1:1 is packed but not used: use it, remove it, or add it to packOptions.ignore',
  ]],
  ['a picture in a style', edited('pages/home/home.wxss', 'color: #000000', 'background: url(dot.png)'), ['pages/home/home.wxss:1:25 a style cannot load "dot.png" on a phone: use <image> or a data: URL']],
  ['a script that nobody needs', { 'utils/old.ts': '' }, ['utils/old.ts:1:1 is packed but not used: use it, remove it, or add it to packOptions.ignore']],
  ['the type checker\'s file in the package', edited('project.config.json', '{ "type": "file", "value": "tsconfig.json" }', ''), ['tsconfig.json:1:1 is packed but not used: use it, remove it, or add it to packOptions.ignore']],
  ['a needed file left out', edited('project.config.json', '"file", "value": "tsconfig.json"', '"suffix", "value": ".json"'), [
    'app.json:1:1 is left out by packOptions, though WeChat needs it',
    'components/card/card.json:1:1 is left out by packOptions, though app.json needs it',
    'pages/home/home.json:1:1 is left out by packOptions, though app.json needs it',
    'sitemap.json:1:1 is left out by packOptions, though app.json needs it',
    'theme.json:1:1 is left out by packOptions, though app.json needs it',
  ]],
  ['what the JSON check says better: no project file', { 'project.config.json': undefined }, []],
  ['what the JSON check says better: a project file that is no JSON', { 'project.config.json': '{' }, []],
  ['what the JSON check says better: rules that are none', edited('project.config.json', '"ignore": [', '"ignore": [null, '), []],
  ['a folder left out', { ...edited('project.config.json', '{ "type": "file"', '{ "type": "folder", "value": "./notes" }, { "type": "file"'), 'notes/a.md': 'a', 'project.private.config.json': '{}' }, []],
]

await t.test('package: each fault is found where it is', async (t) => {
  for (const [what, changes, expected] of packageFaults) t.strictSame((await checkPackage(t, changes)).sort(), [...expected].sort(), what)
})

await t.test('package: is refused when it is larger than its limit, and than WeChat\'s', async (t) => {
  const sizeOf = (bytes: number): Files => ({ 'pages/home/dot.png': 'x'.repeat(bytes) })
  const [small] = await checkPackage(t, sizeOf(ownLimitBytes))
  t.match(small, /^app\.json:1:1 the package has 25\d{4} bytes, more than our limit of 250000$/)
  const [large] = await checkPackage(t, sizeOf(2 * 1024 * 1024))
  t.match(large, /^app\.json:1:1 the package has 209\d{4} bytes, WeChat takes less than 2097152$/)
})
