/** prom-client's counters, gauges and histograms for the catalogue. Loaded only where metrics are on. */
import type { Counter, Gauge, Histogram, OpenMetricsContentType, Registry } from 'prom-client'
import { catalogue, type MetricDefinition, type MetricKey } from './catalogue.ts'

interface InstrumentTypes { readonly counter: Counter, readonly gauge: Gauge, readonly histogram: Histogram }

export type Instruments = { readonly [Key in MetricKey]: InstrumentTypes[(typeof catalogue)[Key]['type']] }

/**
 * Default metrics of prom-client that are left out: they walk over every connection and timer at each scrape, which are tens of thousands where many polls are held, and
 * gauges whose names end in `_total` are taken for counters.
 */
const leftOut = /^nodejs_active_/

export interface OpenInstruments {
  readonly registry: Registry<OpenMetricsContentType>
  readonly instruments: Instruments
}

export const openInstruments = async (): Promise<OpenInstruments> => {
  const { default: { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } } = await import('prom-client') // CommonJS: what is built has no other names
  const registry = new Registry<OpenMetricsContentType>()
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
  const create = ({ name, help, type, labels, buckets = [] }: MetricDefinition): Counter | Gauge | Histogram => {
    const common = { name, help, labelNames: Object.keys(labels), registers: [registry] }
    if (type === 'gauge') return new Gauge(common)
    const instrument = type === 'counter' ? new Counter(common) : new Histogram({ ...common, buckets: [...buckets] })
    if (Object.keys(labels).length > 0) for (const values of combinationsOf(labels)) if (instrument instanceof Counter) instrument.inc(values, 0); else instrument.zero(values)
    return instrument
  }
  const instruments = Object.fromEntries(Object.entries(catalogue).map(([key, definition]) => [key, create(definition)])) as unknown as Instruments // of the same table
  collectDefaultMetrics({ register: registry as unknown as Registry }) // its type knows one of the two formats
  for (const { name } of registry.getMetricsAsArray()) if (leftOut.test(name)) registry.removeSingleMetric(name)
  return { registry, instruments }
}

/** Every combination of the labels' values; none where one label has no list. */
const combinationsOf = (labels: MetricDefinition['labels']): ReadonlyArray<Readonly<Record<string, string>>> =>
  Object.entries(labels).reduce<ReadonlyArray<Readonly<Record<string, string>>>>((combinations, [label, values]) => combinations.flatMap((one) => (values ?? []).map((value) => ({ ...one, [label]: value }))), [{}])
