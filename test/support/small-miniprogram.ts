/** A mini program of one page and one component that passes all checks, for tests to introduce faults. */
import type { Test } from 'tap'
import { writeFiles, type Files } from './write-files.ts'

export const smallMiniProgram = {
  'app.ts': 'App({})\n',
  'app.wxss': '@import "./shared.wxss";\n',
  'shared.wxss': '/* url(nowhere.png) */ .dot { background: url("data:image/png;base64,AAAA") }\n',
  'app.json': `{
  "pages": ["pages/home/home"],
  "window": { "navigationBarBackgroundColor": "@bar", "navigationBarTextStyle": "@text" },
  "darkmode": true,
  "themeLocation": "theme.json",
  "sitemapLocation": "sitemap.json",
  "style": "v2"
}
`,
  'theme.json': `{
  "light": { "bar": "#ffffff", "text": "black" },
  "dark": { "bar": "#000000", "text": "white" }
}
`,
  'sitemap.json': '{ "rules": [{ "action": "disallow", "page": "*" }] }\n',
  'project.config.json': `{
  "appid": "touristappid",
  "projectname": "small",
  "compileType": "miniprogram",
  "libVersion": "2.32.3",
  "miniprogramRoot": "",
  "setting": { "useCompilerPlugins": ["typescript"], "urlCheck": true, "es6": true, "enhance": true },
  "packOptions": { "ignore": [{ "type": "file", "value": "tsconfig.json" }], "include": [] }
}
`,
  'tsconfig.json': '{ "compilerOptions": { "target": "es2020", "lib": ["es2020"], "module": "esnext", "moduleResolution": "bundler", "types": ["miniprogram-api-typings"], "strict": true, "noEmit": true } }\n',
  'config.ts': 'export const serviceUrl = \'https://login.example.com\'\n',
  'rows.ts': 'export const rows: ReadonlyArray<{ readonly id: string, readonly count: number }> = []\nexport const words = { twice: (text: string) => text + text, hello: \'hello\' }\n',
  'pages/home/home.json': '{ "usingComponents": { "my-card": "../../components/card/card" } }\n',
  'pages/home/home.wxss': '.home { color: #000000 }\n',
  'pages/home/home.wxml': '<page-meta root-font-size="system" />\n<my-card title="a" size="{{screen.size}}" bind:opened="onNothing" />\n<image src="/pages/home/dot.png" mode="aspectFit" />\n',
  'pages/home/dot.png': 'a picture',
  'pages/home/home.ts': `import { serviceUrl } from '../../config'
import { rows, words } from '../../rows'

Page({
  data: { screen: { title: serviceUrl, busy: false, size: 1, rows, words } },
  onLoad (query: Record<string, string | undefined>) { this.setData({ 'screen.title': query.title }) },
  onTap (event: WechatMiniprogram.TouchEvent<object, object, { id: string }>) { return event.currentTarget.dataset.id },
  onCount (event: WechatMiniprogram.TouchEvent<object, object, { rowCount: number, on?: boolean }>) { return event.currentTarget.dataset.rowCount },
  onInput (event: WechatMiniprogram.Input) { return event.detail.value },
  onNothing () {},
})
`,
  'components/card/card.json': '{ "component": true }\n',
  'components/card/card.wxml': '<view bind:tap="onOpen">{{title}} {{size}} {{open}}</view>\n',
  'components/card/card.ts': `Component({
  properties: { title: String, size: { type: Number, value: 0 } },
  data: { open: false },
  methods: { onOpen () { this.triggerEvent('opened') } },
})
`,
}

/** Writes it to the test's folder with some files changed, and returns the folder. */
export const writeSmallMiniProgram = async (t: Test, changes: Files = {}): Promise<string> => {
  const folder = t.testdir()
  await writeFiles(folder, { ...smallMiniProgram, ...changes })
  return folder
}
