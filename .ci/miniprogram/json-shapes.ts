// Schemas of the JSON files. WeChat's tools silently accept unknown keys; here they are errors. Left out are WeChat's keys for what this mini program
// must not do (location, third-party packages) or the demo's phone can't show (tab bar, Skyline).
import { Type } from 'typebox'

const strict = { additionalProperties: false }
const Colour = Type.String({ pattern: '^#[0-9a-fA-F]{6}$' })
const Milliseconds = Type.Integer({ minimum: 1000, maximum: 60_000 })
const PagePath = Type.String({ pattern: '^[a-z0-9-]+(?:/[a-z0-9-]+)*$' })
const Components = Type.Record(Type.String({ pattern: '^[a-z][a-z0-9-]*$' }), Type.String({ minLength: 1 }))

const window = {
  navigationBarTitleText: Type.Optional(Type.String()),
  navigationBarBackgroundColor: Type.Optional(Colour),
  navigationBarTextStyle: Type.Optional(Type.Enum(['black', 'white'])),
  navigationStyle: Type.Optional(Type.Enum(['default', 'custom'])),
  backgroundColor: Type.Optional(Colour),
  backgroundColorTop: Type.Optional(Colour),
  backgroundColorBottom: Type.Optional(Colour),
  backgroundTextStyle: Type.Optional(Type.Enum(['dark', 'light'])),
  enablePullDownRefresh: Type.Optional(Type.Boolean()),
  onReachBottomDistance: Type.Optional(Type.Integer({ minimum: 0 })),
  pageOrientation: Type.Optional(Type.Enum(['auto', 'portrait', 'landscape'])),
}

export const AppJson = Type.Object({
  pages: Type.Array(PagePath, { minItems: 1, uniqueItems: true }),
  entryPagePath: Type.Optional(PagePath),
  window: Type.Optional(Type.Object({
    ...window,
    restartStrategy: Type.Optional(Type.Enum(['homePage', 'homePageAndLatestPage'])),
  }, strict)),
  usingComponents: Type.Optional(Components),
  networkTimeout: Type.Optional(Type.Object({
    request: Type.Optional(Milliseconds),
    connectSocket: Type.Optional(Milliseconds),
    uploadFile: Type.Optional(Milliseconds),
    downloadFile: Type.Optional(Milliseconds),
  }, strict)),
  sitemapLocation: Type.Optional(Type.String()),
  style: Type.Literal('v2'), // the pages' button styles build on it
  darkmode: Type.Optional(Type.Boolean()),
  themeLocation: Type.Optional(Type.String()),
  lazyCodeLoading: Type.Optional(Type.Literal('requiredComponents')),
}, strict)

export const PageJson = Type.Object({
  ...window,
  disableScroll: Type.Optional(Type.Boolean()),
  usingComponents: Type.Optional(Components),
}, strict)

export const ComponentJson = Type.Object({
  component: Type.Literal(true),
  usingComponents: Type.Optional(Components),
}, strict)

const Theme = Type.Record(Type.String(), Type.String())
export const ThemeJson = Type.Object({ light: Theme, dark: Theme }, strict)

export const SitemapJson = Type.Object({
  desc: Type.Optional(Type.String()),
  rules: Type.Array(Type.Object({
    action: Type.Enum(['allow', 'disallow']),
    page: Type.String(),
    params: Type.Optional(Type.Array(Type.String())),
    matching: Type.Optional(Type.Enum(['exact', 'inclusive', 'exclusive', 'partial'])),
    priority: Type.Optional(Type.Integer()),
  }, strict), { minItems: 1 }),
}, strict)

const PackRules = Type.Array(Type.Object({
  type: Type.Enum(['file', 'folder', 'suffix']), // those that packaging.ts supports
  value: Type.String({ minLength: 1 }),
}, strict))

export const PackOptions = Type.Object({ ignore: PackRules, include: PackRules }, strict)

/** `appid` is the operator's own; the repository has WeChat's guest appid. */
export const ProjectConfigJson = Type.Object({
  description: Type.Optional(Type.String()),
  appid: Type.String({ pattern: '^(?:touristappid|wx[0-9a-f]{16})$' }),
  projectname: Type.String({ minLength: 1 }),
  compileType: Type.Literal('miniprogram'),
  libVersion: Type.String({ pattern: '^\\d+\\.\\d+\\.\\d+$' }),
  miniprogramRoot: Type.Literal(''), // with './', DevTools' search for unused files doesn't find app.json
  setting: Type.Object({
    useCompilerPlugins: Type.Array(Type.Literal('typescript'), { minItems: 1, maxItems: 1 }),
    urlCheck: Type.Literal(true),
    es6: Type.Literal(true), // without these two, WeChat's compiler silently omits what older phones need
    enhance: Type.Literal(true),
    postcss: Type.Optional(Type.Boolean()),
    minified: Type.Optional(Type.Boolean()),
    minifyWXML: Type.Optional(Type.Boolean()),
    minifyWXSS: Type.Optional(Type.Boolean()),
    uglifyFileName: Type.Optional(Type.Boolean()),
    ignoreUploadUnusedFiles: Type.Optional(Type.Boolean()),
    ignoreDevUnusedFiles: Type.Optional(Type.Boolean()),
    compileHotReLoad: Type.Optional(Type.Boolean()),
  }, strict),
  packOptions: PackOptions,
}, strict)
