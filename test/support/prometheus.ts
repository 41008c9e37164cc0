/** A real Prometheus with the configuration of src/http/metrics/README.md. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { installed } from './installed.ts'
import { repository } from './readmes.ts'
import { freePort } from './redis.ts'
import { makeFolder } from './service-process.ts'
import type { TeardownScope } from './teardown-scope.ts'

export const alertsFile = join(repository, 'src/http/metrics/alerts.yaml')

export interface PrometheusAnswer {
  readonly status: string
  readonly error?: string
  readonly warnings?: readonly string[]
  // `any`: a test asserts on what it expects, which the compiler can't know.
  readonly data: any
}

export interface Prometheus {
  ask (path: string, query?: Readonly<Record<string, string>>): Promise<PrometheusAnswer>
  /** Returns the value of a query with one result; undefined where it has none. */
  valueOf (query: string): Promise<number | undefined>
  /** Waits until a query has this value. */
  waitFor (query: string, value: number): Promise<void>
}

export const promtool = (...args: readonly string[]) => spawnSync(installed('promtool'), args, { encoding: 'utf8' })

/** Writes the configuration into a folder, with the addresses of a test, and returns its path. */
export const writePrometheusConfig = (folder: string, target: string): string => {
  const [, block = ''] = /^```yaml\n([^]*?)^```$/m.exec(readFileSync(join(repository, 'src/http/metrics/README.md'), 'utf8')) ?? []
  const file = join(folder, 'prometheus.yml')
  writeFileSync(file, `global: { scrape_interval: 1s, evaluation_interval: 1s }\n${block.replace('127.0.0.1:9464', target).replace('/etc/prometheus/scan-login-alerts.yaml', alertsFile)}`)
  return file
}

/** Starts it, and waits until it answers. It ends with the test. */
export const startPrometheus = async (t: TeardownScope, target: string): Promise<Prometheus> => {
  const folder = makeFolder(t)
  const port = await freePort()
  const child = spawn(installed('prometheus'), [`--config.file=${writePrometheusConfig(folder, target)}`, `--web.listen-address=127.0.0.1:${port}`, `--storage.tsdb.path=${join(folder, 'tsdb')}`, '--log.level=error'], { stdio: 'ignore' })
  const ended = once(child, 'close')
  const end = (): void => { child.kill('SIGKILL') }
  process.once('exit', end)
  t.teardown(async () => {
    process.off('exit', end)
    end()
    await ended
  })
  const url = `http://127.0.0.1:${port}`
  while (!(await fetch(`${url}/-/ready`).catch(() => undefined))?.ok) {
    if (child.exitCode !== null) throw new Error(`prometheus exited with ${child.exitCode}`)
    await sleep(100)
  }
  const ask: Prometheus['ask'] = async (path, query = {}) => await (await fetch(`${url}/api/v1/${path}?${new URLSearchParams(query)}`)).json() as PrometheusAnswer
  const valueOf: Prometheus['valueOf'] = async (query) => {
    const [first] = (await ask('query', { query })).data.result
    return first === undefined ? undefined : Number(first.value[1])
  }
  return {
    ask,
    valueOf,
    waitFor: async (query, value) => { while (await valueOf(query) !== value) await sleep(200) },
  }
}
