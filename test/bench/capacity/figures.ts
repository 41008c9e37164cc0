/** The measured figures that the capacity page shows and computes with, each in words of both languages. */
import type { Row, Unit } from '../row.ts'
import { median } from '../statistics.ts'

export type Language = 'en' | 'zh-CN'

export type Words = Readonly<Record<Language, string>>

interface FigureSource {
  /** How the row's name begins in the table of `npm run bench`. */
  readonly row: string
  readonly unit: Unit
  readonly words: Words
}

const source = (row: string, unit: Unit, en: string, zh: string): FigureSource => ({ row, unit, words: { en, 'zh-CN': zh } })

export const figureSources = {
  sqliteCpu: source('CPU a login, SQLite file', 'ms', 'processor time a login, embedded store', '每次登录的处理器时间，内置存储'),
  redisCpu: source('CPU a login, Redis', 'ms', 'processor time a login, Redis: the instance', '每次登录的处理器时间，Redis：服务实例'),
  redisServerCpu: source('CPU a login of the Redis server', 'ms', 'processor time a login, Redis: the Redis server', '每次登录的处理器时间，Redis：Redis 服务器'),
  pollCpu: source('CPU a poll that finds nothing new', 'ms', 'processor time a poll that finds nothing new, Redis', '每次没有新消息的轮询的处理器时间，Redis'),
  roundTrips: source('Redis round trips a login', '', 'round trips to Redis a login', '每次登录与 Redis 的往返次数'),
  commands: source('Redis commands a login', '', 'Redis commands a login', '每次登录的 Redis 命令数'),
  bytes: source('bytes to and from Redis a login', 'kB', 'traffic with Redis a login', '每次登录与 Redis 之间的流量'),
  redisMemory: source("memory of Redis, a newcomer's first login", 'kB', "Redis' memory a newcomer's first login", '每个新来的人第一次登录占用的 Redis 内存'),
  idleCommands: source('Redis commands of an idle instance', 'a second', 'Redis commands of an instance without visitors', '没有访客时一个实例的 Redis 命令数'),
  heldHeap: source('heap per held poll', 'kB', 'heap a waiting browser', '每个等待中的浏览器占用的堆内存'),
  heldResident: source('resident memory per held poll', 'kB', 'resident memory a waiting browser', '每个等待中的浏览器占用的常驻内存'),
  idleMemory: source('resident memory, idle', 'MB', 'resident memory of an instance without visitors', '没有访客时一个实例的常驻内存'),
  ready: source('start to ready', 's', 'start of an instance', '启动一个实例'),
  tapP99: source('tap to page p99, 10000 held', 'ms', 'tap to page, 99 of 100, while 10,000 wait', '从点按到网页得知，10,000 个等待时，100 次中的 99 次'),
} satisfies Record<string, FigureSource>

export type FigureName = keyof typeof figureSources

export type Figures = Readonly<Record<FigureName, number>>

export const figureNames = Object.keys(figureSources) as readonly FigureName[] // the keys of the object above

export interface ShownFigure {
  readonly value: number
  /** How many times the same of bare Fastify; undefined where it has none. */
  readonly timesFastify: number | undefined
}

/** Returns the figures that are among these rows. */
export const figuresIn = (rows: readonly Row[]): ReadonlyMap<FigureName, ShownFigure> => new Map(figureNames.flatMap((name) => {
  const row = rows.find((row) => row.name.startsWith(figureSources[name].row) && row.figures.length > 0)
  if (row === undefined) return []
  const rival = row.rivals?.Fastify ?? []
  return [[name, { value: median(row.figures), timesFastify: rival.length === 0 ? undefined : median(row.figures) / median(rival) }] as const]
}))
