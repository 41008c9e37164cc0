/** Numbers as a scraper reads them. */
import type { Metrics } from '../../src/http/metrics/metrics.ts'

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Reads OpenMetrics text; throws where a line has another form. */
export const samplesIn = (text: string): readonly Sample[] => text.trimEnd().split('\n').filter((line) => !line.startsWith('#')).map((line) => {
  const [, name = '', labels = '', value = ''] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
  if (name === '') throw new Error(`no sample: ${line}`)
  return { name, labels: Object.fromEntries([...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', of = '']) => [label, of])), value: Number(value) }
})

/** Returns the sum of the samples with this name and these labels. */
export const sumOf = async (metrics: Pick<Metrics, 'text'>, name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> =>
  samplesIn(await metrics.text()).filter((sample) => sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value)).reduce((sum, { value }) => sum + value, 0)
