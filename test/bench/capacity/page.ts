/** The tables of the capacity page, in both languages: written by `npm run bench -- --write`, and printed by `npm run bench -- --model`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { shown } from '../table.ts'
import { figureNames, figureSources, type FigureName, type Figures, type Language, type ShownFigure } from './figures.ts'
import { exampleOf, limitedCrowds, planFor, rulesOf, wechatCodesPerMinute, type CaseName, type Example, type Plan } from './rules.ts'

const files: Readonly<Record<Language, string>> = { en: 'CAPACITY.md', 'zh-CN': 'CAPACITY.zh-CN.md' }

export const capacityFile = (language: Language): string => join(import.meta.dirname, '../../../src/stores', files[language])

type Table = ReadonlyArray<readonly string[]>

const markdownOf = (table: Table): string => table.flatMap((cells, index) => [`| ${cells.join(' | ')} |`, ...index === 0 ? [`|${'---|'.repeat(cells.length)}`] : []]).join('\n')

/** With the line below its head. */
const tableOf = (text: string, name: string): Table => {
  const [, body = ''] = new RegExp(`<!-- ${name} -->\n([^]*?)\n\n`).exec(text) ?? []
  return body.split('\n').map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()))
}

const withTable = (text: string, name: string, table: Table): string =>
  text.replace(new RegExp(`(<!-- ${name} -->\n)[^]*?(\n\n)`), (_, start: string, end: string) => `${start}${markdownOf(table)}${end}`)

const groups = (value: number): string => Number.isInteger(value) && value < 1000 ? String(value) : value < 1000 ? shown(value) : Math.round(Number(value.toPrecision(3))).toLocaleString('en')
const percent = (share: number): string => `${groups(share)} %`

/** Reads the figures of a page. */
export const readFigures = (language: Language = 'en'): ReadonlyMap<FigureName, ShownFigure> => {
  const [, , ...rows] = tableOf(readFileSync(capacityFile(language), 'utf8'), 'figures')
  return new Map(figureNames.map((name, index) => {
    const [, value = '', times = ''] = rows[index] ?? []
    return [name, { value: parseFloat(value.replaceAll(',', '')), timesFastify: times === '' ? undefined : parseFloat(times) }]
  }))
}

const units: Readonly<Record<Language, Readonly<Record<string, string>>>> = { en: { 'a second': 'a second' }, 'zh-CN': { 'a second': '每秒', s: '秒' } }

const figuresTable = (figures: ReadonlyMap<FigureName, ShownFigure>, language: Language): Table => [
  { en: ['measured', 'figure', '× bare Fastify'], 'zh-CN': ['测量', '数值', '× 裸 Fastify'] }[language],
  ...figureNames.map((name) => {
    const { value, timesFastify } = figures.get(name) ?? { value: NaN, timesFastify: undefined }
    const { unit, words } = figureSources[name]
    return [words[language], `${groups(value)} ${units[language][unit] ?? unit}`.trim(), timesFastify === undefined ? '' : shown(timesFastify)]
  }),
]

const rulesTable = (figures: Figures, language: Language): Table => {
  const { per100Logins: logins, per1000Sessions: sessions, per10000Waiting: waiting, idleInstance: idle } = rulesOf(figures)
  const rows: ReadonlyArray<readonly [en: string, zh: string, enValue: string, zhValue: string]> = [
    ['100 logins a minute, embedded store', '每分钟 100 次登录，内置存储', `${percent(logins.sqlitePercent)} of a processor`, `一个处理器的 ${percent(logins.sqlitePercent)}`],
    ['100 logins a minute, Redis', '每分钟 100 次登录，Redis',
      `${percent(logins.redisPercent)} of a processor in the instances, ${percent(logins.redisServerPercent)} in Redis; ${groups(logins.commandsPerSecond)} commands and ${groups(logins.kilobytesPerSecond)} kB a second`,
      `实例占一个处理器的 ${percent(logins.redisPercent)}，Redis 占 ${percent(logins.redisServerPercent)}；每秒 ${groups(logins.commandsPerSecond)} 条命令、${groups(logins.kilobytesPerSecond)} kB`],
    ['1,000 logged-in browsers', '1,000 个已登录的浏览器', `${groups(sessions.redisMegabytes)} MB in Redis`, `Redis 中 ${groups(sessions.redisMegabytes)} MB`],
    ['10,000 waiting browsers', '10,000 个等待中的浏览器',
      `${groups(waiting.megabytes)} MB, ${percent(waiting.percent)} of a processor and ${groups(waiting.connections)} open files in the instances; ${groups(waiting.commandsPerSecond)} commands a second to Redis`,
      `实例占 ${groups(waiting.megabytes)} MB、一个处理器的 ${percent(waiting.percent)}、${groups(waiting.connections)} 个打开的文件；每秒向 Redis 发 ${groups(waiting.commandsPerSecond)} 条命令`],
    ['one more instance', '多一个实例', `${groups(idle.megabytes)} MB, ${groups(idle.commandsPerSecond)} commands a second to Redis`, `${groups(idle.megabytes)} MB，每秒向 Redis 发 ${groups(idle.commandsPerSecond)} 条命令`],
  ]
  return [
    { en: ['for each', 'reckon with'], 'zh-CN': ['每', '需要'] }[language],
    ...rows.map(([en, zh, enValue, zhValue]) => language === 'en' ? [en, enValue] : [zh, zhValue]),
  ]
}

const exampleRows: ReadonlyArray<readonly [en: string, zh: string, (example: Example) => string]> = [
  ['logins a minute', '每分钟登录', ({ loginsPerMinute }) => groups(loginsPerMinute)],
  ['browsers that wait at once', '同时等待的浏览器', ({ waiting }) => groups(waiting)],
  ['codes of WeChat a minute, of 5,000', '微信每分钟生成的码，上限 5,000', ({ codesPerMinute }) => groups(codesPerMinute)],
  ['processor, both instances', '两个实例的处理器', ({ instancesPercent }) => percent(instancesPercent)],
  ['processor, Redis', 'Redis 的处理器', ({ redisPercent }) => percent(redisPercent)],
  ['memory of an instance that serves all of them', '一个实例独自承担时的内存', ({ instanceMegabytes }) => `${groups(instanceMegabytes)} MB`],
  ['memory of Redis', 'Redis 的内存', ({ redisMegabytes }) => `${groups(redisMegabytes)} MB`],
  ['commands to Redis a second', '每秒 Redis 命令', ({ commandsPerSecond }) => groups(commandsPerSecond)],
]

const exampleTable = (figures: Figures, language: Language): Table => {
  const example = exampleOf(figures)
  return [
    { en: ['in the busiest ten minutes', 'needs'], 'zh-CN': ['最忙的十分钟', '需要'] }[language],
    ...exampleRows.map(([en, zh, cell]) => [language === 'en' ? en : zh, cell(example)]),
  ]
}

const planRows: ReadonlyArray<readonly [en: string, zh: string, (plan: Plan) => string]> = [
  ['browsers that wait at once', '同时等待的浏览器', ({ waiting }) => groups(waiting)],
  ['people who open the page, a minute', '每分钟打开登录页的人', ({ peoplePerMinute }) => groups(peoplePerMinute)],
  ['instances', '实例', ({ instances }) => groups(instances)],
  ['waiting browsers (connections) in each', '每个实例中等待的浏览器（连接）', ({ heldPerInstance }) => groups(heldPerInstance)],
  ['processors at work, all instances', '所有实例占用的处理器', ({ processors }) => groups(processors)],
  ['memory of all instances, GB', '所有实例的内存，GB', ({ gigabytes }) => groups(gigabytes)],
  ['processors at work in Redis', 'Redis 占用的处理器', ({ redisProcessors }) => groups(redisProcessors)],
  ['commands to Redis, a second', '每秒 Redis 命令', ({ redisCommandsPerSecond }) => groups(redisCommandsPerSecond)],
  ['traffic of Redis, MB a second', 'Redis 流量，每秒 MB', ({ redisMegabytesPerSecond }) => groups(redisMegabytesPerSecond)],
  ['codes that WeChat would have to make, a minute', '微信每分钟需要生成的小程序码', ({ codesPerMinute }) => groups(codesPerMinute)],
]

const planTable = (figures: Figures, language: Language): Table => {
  const plans = [10_000, 100_000, 1_000_000].map((waiting) => planFor(waiting, figures))
  const [first, ...rows] = planRows.map(([en, zh, cell]) => [language === 'en' ? en : zh, ...plans.map(cell)])
  return [first ?? [], ...rows]
}

const cases: Readonly<Record<CaseName, Readonly<Record<Language, string>>>> = {
  half: { en: '2,500 a minute', 'zh-CN': '每分钟 2,500 人' },
  limit: { en: '5,000 a minute', 'zh-CN': '每分钟 5,000 人' },
  longTickets: { en: '5,000 a minute, `TICKET_TTL=600`', 'zh-CN': '每分钟 5,000 人，`TICKET_TTL=600`' },
  twice: { en: '10,000 a minute', 'zh-CN': '每分钟 10,000 人' },
  click: { en: '10,000 a minute, `TICKET_TTL=600`, and half of them ask for a code', 'zh-CN': '每分钟 10,000 人，`TICKET_TTL=600`，其中一半的人要码' },
  rush: { en: '30,000 within one minute, no supply', 'zh-CN': '一分钟内 30,000 人，没有预取' },
  rushSupply: { en: '30,000 within one minute, 20 instances, `CODE_SUPPLY=8`', 'zh-CN': '一分钟内 30,000 人，20 个实例，`CODE_SUPPLY=8`' },
  rushLargeSupply: { en: '30,000 within one minute, 20 instances, `CODE_SUPPLY=1000`', 'zh-CN': '一分钟内 30,000 人，20 个实例，`CODE_SUPPLY=1000`' },
}

const limitTable = (language: Language): Table => [
  {
    en: ['people', 'a code within 2 s', '99 of 100 codes within', 'left without a code', 'logged in, of the 70 of 100 who would'],
    'zh-CN': ['人数', '2 秒内看到码', '99 % 的码在多久内', '没等到码就离开', '登录成功（100 人中有 70 人愿意登录）'],
  }[language],
  ...limitedCrowds().map(([name, { loggedIn, servedAtOnce, firstCodeP99Seconds, leftWithout }]) =>
    [cases[name][language], percent(servedAtOnce * 100), `${groups(firstCodeP99Seconds)} s`, percent(leftWithout * 100), groups(Math.round(loggedIn * 100))]),
]

/** The tables by the name of the comment above each. */
const tables = (shownFigures: ReadonlyMap<FigureName, ShownFigure>, language: Language): Readonly<Record<string, Table>> => {
  const figures = Object.fromEntries([...shownFigures].map(([name, { value }]) => [name, value])) as Figures // a page has all of them
  return { figures: figuresTable(shownFigures, language), rules: rulesTable(figures, language), example: exampleTable(figures, language), plan: planTable(figures, language), limit: limitTable(language) }
}

/** Returns a page's text with the tables that follow from the figures. */
export const withTables = (text: string, figures: ReadonlyMap<FigureName, ShownFigure>, language: Language): string =>
  Object.entries(tables(figures, language)).reduce((text, [name, table]) => withTable(text, name, table), text)

/** Writes figures into the pages of both languages; those that weren't measured stay. */
export const writeFigures = (measured: ReadonlyMap<FigureName, ShownFigure>): void => {
  const figures = new Map([...readFigures(), ...measured])
  for (const language of ['en', 'zh-CN'] as const) {
    const write = (figures: ReadonlyMap<FigureName, ShownFigure>): void => {
      writeFileSync(capacityFile(language), withTables(readFileSync(capacityFile(language), 'utf8'), figures, language))
    }
    write(figures)
    write(readFigures(language)) // reckoned with the figures as they are shown: rounded
  }
}

/** Prints the model with the page's figures. */
export const printModel = (print: (text: string) => void): void => {
  const { plan = [], limit = [] } = tables(readFigures(), 'en')
  print(`As if WeChat made any number of codes:\n\n${markdownOf(plan)}\n`)
  print(`With WeChat's ${groups(wechatCodesPerMinute)} codes a minute:\n\n${markdownOf(limit)}`)
}
