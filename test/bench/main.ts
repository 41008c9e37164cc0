/**
 * `npm run bench`: measures the service and its rivals in one run, and prints one table. `-- --quick` shows in a minute that it works, `--only logins` makes
 * some rows, `--rounds 5`, `--json`, `--write` puts the figures into the capacity page; `--model` computes a million waiting browsers, `--replication` what a failover of Redis loses. Always exits with 0: a
 * goal that is missed is a figure.
 */
import { availableParallelism, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { createTeardownScope } from '../support/teardown-scope.ts'
import { figuresIn } from './capacity/figures.ts'
import { printModel, writeFigures } from './capacity/page.ts'
import { watchGenerator } from './load/generator.ts'
import { measurements } from './measurements.ts'
import { measureRound } from './row.ts'
import { fullSizes, quickSizes } from './sizes.ts'
import { createSubjects } from './subjects.ts'
import { tableOf, verdictOf } from './table.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    /** Names of measurements, several with commas. */
    only: { type: 'string' },
    rounds: { type: 'string' },
    json: { type: 'boolean', default: false },
    /** Writes the figures into the capacity page. */
    write: { type: 'boolean', default: false },
    model: { type: 'boolean', default: false },
    replication: { type: 'boolean', default: false },
  },
})

const print = (text: string): void => { process.stdout.write(`${text}\n`) }
/** On the other output: `--json` prints nothing else. */
const say = (text: string): void => { process.stderr.write(`${text}\n`) }

/** A machine that is busy with something else lets a call fail now and then. */
const maxTries = 2

const bench = async (): Promise<void> => {
  const sizes = values.quick ? quickSizes : fullSizes
  const only = values.only?.split(',')
  const unknown = only?.filter((name) => !Object.hasOwn(measurements, name)) ?? []
  if (unknown.length > 0) throw new Error(`--only knows ${Object.keys(measurements).join(', ')}, not ${unknown.join(', ')}`)
  const startedAt = performance.now()
  const secondsSoFar = (): string => `${Math.round((performance.now() - startedAt) / 1000)} s`
  const scope = createTeardownScope()
  const generatorUse: Record<string, { cpuShare: number, delayP99Ms: number }> = {}
  try {
    const subjects = await createSubjects(scope)
    const chosen = Object.entries(measurements).filter(([name]) => only?.includes(name) ?? true).map(([name, { create, rounds }]) =>
      ({ name, measurement: create(subjects, sizes), rounds: values.rounds !== undefined ? Number(values.rounds) : values.quick ? 1 : rounds }))
    const longest = Math.max(...chosen.map(({ rounds }) => rounds))
    for (let round = 1; round <= longest; round++) {
      for (const { name, measurement } of chosen.filter(({ rounds }) => rounds >= round)) {
        say(`${secondsSoFar()}: round ${round} of ${longest}, ${name}`)
        const used = watchGenerator()
        for (let tries = maxTries; tries > 0; tries--) {
          const error = await measureRound(measurement).then(() => undefined, (error: Error) => error)
          if (error === undefined) break
          say(`${name} failed, and is ${tries > 1 ? 'tried again' : 'left out of this round'}: ${error.message}`)
        }
        generatorUse[name] = used()
      }
    }
    const rows = chosen.flatMap(({ measurement }) => measurement.rows())
    const machine = { processors: availableParallelism(), load: loadavg()[2], node: process.version, seconds: Math.round((performance.now() - startedAt) / 1000) }
    if (values.write) writeFigures(figuresIn(rows))
    if (values.json) return print(JSON.stringify({ machine, generatorUse, rows: rows.map((row) => ({ ...row, ...verdictOf(row) })) }, null, 2))
    print(tableOf(rows))
    print(`\nLoad generator, of one processor: ${Object.entries(generatorUse).map(([name, { cpuShare, delayP99Ms }]) => `${name} ${Math.round(cpuShare * 100)} % (event loop p99 ${delayP99Ms.toFixed(1)} ms)`).join(', ')}`)
    print(`The built service on ${machine.processors} processors, Node.js ${machine.node}, in ${machine.seconds} s. Figures are medians of up to ${longest} rounds, ratios are taken within a round.`)
  } finally {
    await scope.end()
  }
}

if (values.replication) await import('./replication.ts').then(({ measureReplication }) => measureReplication(Number(positionals[0] ?? 5), print))
else if (values.model) printModel(print)
else await bench().catch((error: unknown) => { say(String(error)) })
process.exit(0) // without waiting for what still reconnects
