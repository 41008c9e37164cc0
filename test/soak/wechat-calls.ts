/** Counts the calls that reach the simulator, which itself remembers the last thousand only. */
import type { SimulatorCall, WechatSimulator } from '../../src/demo/wechat-simulator.ts'

const everyMs = 50

export const countCalls = ({ calls }: WechatSimulator): { readonly counts: Readonly<Record<string, number>>, stop (): void } => {
  const counts: Record<string, number> = {}
  let last: SimulatorCall | undefined
  const look = (): void => {
    const fresh = calls.slice(last === undefined ? 0 : calls.lastIndexOf(last) + 1)
    for (const { endpoint } of fresh) counts[endpoint] = (counts[endpoint] ?? 0) + 1
    last = calls.at(-1) ?? last
  }
  const timer = setInterval(look, everyMs)
  return {
    counts,
    stop: () => {
      clearInterval(timer)
      look()
    },
  }
}
