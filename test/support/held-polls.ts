/** Owns polls that are known to be held: what comes after them finds somebody waiting. */
import { setTimeout as sleep } from 'node:timers/promises'
import { openBrowser, type Service, type TestBrowser } from './clients.ts'
import type { Answer } from './test-service.ts'

/**
 * Holds a poll for each browser, and resolves when the service holds them all, with their answers to come. The service must have
 * been given as many places as there are browsers (MAX_HELD_POLLS): that it turns a visitor away is how we know.
 */
export const holdPolls = async (service: Service, browsers: readonly TestBrowser[]): Promise<{ answers: Promise<Answer[]> }> => {
  // Who finds the room full because of the visitor tries again.
  const hold = async (browser: TestBrowser): Promise<Answer> => {
    for (;;) {
      const answer = await browser.poll(1, 25)
      if (answer.json.poll_after === undefined) return answer
      await sleep(20)
    }
  }
  let left = 0 // polls that are over: there is a place that nobody will take
  const answers = Promise.all(browsers.map((browser) => hold(browser).finally(() => { left++ })))
  const visitor = await openBrowser(service)
  while ((await visitor.poll(1, 1)).json.poll_after === undefined) {
    if (left > 0) throw new Error(`${left} of ${browsers.length} polls were answered before all of them were held`)
    await sleep(50) // the place is free for whoever found the visitor in it
  }
  return { answers }
}
