/** The service's metrics, for a scraper such as Prometheus. Only where METRICS_PORT is set: nothing of this runs otherwise. */
import type { FastifyPluginAsync } from 'fastify'
import type { StepSink } from '../../login/audit.ts'
import type { PersonRegister } from '../../login/people-port.ts'
import type { Clock, OnAppLogin } from '../../login/ports.ts'
import type { Store } from '../../login/store-port.ts'
import type { WaitingRoom } from '../../login/waiting-room.ts'
import type { OnWechatCall } from '../../wechat/watched-attempt.ts'
import { createSharedCheck } from '../shared-check.ts'
import { personStates } from './catalogue.ts'
import { openInstruments } from './instruments.ts'
import { createRequestMetrics } from './request-metrics.ts'
import { createStepMetrics } from './step-metrics.ts'
import { timeStore } from './timed-store.ts'

/** People are counted in the store, for all instances, and scrapers may come every second. */
const rememberPeopleMs = 15_000

/** What gauges read at a scrape. */
export interface GaugeSources {
  readonly waitingRoom: Pick<WaitingRoom, 'held'>
  readonly people: Pick<PersonRegister, 'count'>
  readonly maxHeldPolls: number
}

export interface Metrics {
  readonly steps: StepSink
  readonly onWechatCall: OnWechatCall
  readonly onAppLogin: OnAppLogin
  /** Times requests and woken polls. */
  readonly plugin: FastifyPluginAsync<{ readonly basePath: string }>
  timeStore (store: Store): Store
  watchWaitingRoom (room: WaitingRoom): WaitingRoom
  /** Called once, by the app. */
  readGauges (sources: GaugeSources): void
  /** Everything in OpenMetrics text. */
  text (): Promise<string>
  readonly contentType: string
}

/** Loads prom-client. `clock` is for durations alone. */
export const openMetrics = async (clock: Pick<Clock, 'steady'>): Promise<Metrics> => {
  const { registry, instruments } = await openInstruments()
  const { heldPolls, heldPollsLimit, people: peopleGauge, storeSeconds, wechatSeconds, wechatErrors, appLogins } = instruments
  let beforeScrape = async (): Promise<void> => {}

  const readGauges = ({ waitingRoom, people, maxHeldPolls }: GaugeSources): void => {
    heldPollsLimit.set(maxHeldPolls)
    const countPeople = createSharedCheck(clock, async () => {
      const counts = await Promise.all(personStates.map((state) => people.count(state)))
      personStates.forEach((state, index) => { peopleGauge.set({ state }, counts[index] ?? 0) })
    }, rememberPeopleMs)
    beforeScrape = async () => {
      heldPolls.set(waitingRoom.held)
      await countPeople().catch(() => { peopleGauge.reset() }) // an old number would look like a true one
    }
  }

  return {
    ...createRequestMetrics(instruments, clock),
    steps: createStepMetrics(instruments, clock),
    timeStore: (store) => timeStore(store, clock, ({ operation, outcome, ms }) => { storeSeconds.observe({ operation, outcome }, ms / 1000) }),
    onWechatCall: ({ endpoint, outcome, errcode, ms }) => {
      wechatSeconds.observe({ endpoint, outcome }, ms / 1000)
      if (errcode !== null) wechatErrors.inc({ endpoint, errcode })
    },
    onAppLogin: (client, outcome) => { appLogins.inc({ client, outcome }) },
    readGauges,
    text: async () => {
      await beforeScrape()
      return await registry.metrics()
    },
    contentType: registry.contentType,
  }
}
