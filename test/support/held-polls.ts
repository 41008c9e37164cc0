import { setTimeout as sleep } from 'node:timers/promises'
import { openBrowser, type Service, type TestBrowser } from './clients.ts'
import type { Answer } from './test-service.ts'

/**
 * Starts a poll for each browser, and resolves with the promise of their answers when the service holds them all. MAX_HELD_POLLS must be the number of
 * browsers: that the service answers one more poll with `poll_after` shows that all others are held.
 */
export const holdPolls = async (service: Service, browsers: readonly TestBrowser[]): Promise<{ answers: Promise<Answer[]> }> => {
  // A poll that comes while the visitor's is held is turned away in its place, and tries again.
  const hold = async (browser: TestBrowser): Promise<Answer> => {
    for (;;) {
      const answer = await browser.poll(1, 25)
      if (answer.json.poll_after === undefined) return answer
      await sleep(20)
    }
  }
  let left = 0 // answered polls: with one, the service is never full
  const answers = Promise.all(browsers.map((browser) => hold(browser).finally(() => { left++ })))
  const visitor = await openBrowser(service)
  while ((await visitor.poll(1, 1)).json.poll_after === undefined) {
    if (left > 0) throw new Error(`${left} of ${browsers.length} polls were answered before all of them were held`)
    await sleep(50) // leaves the slot to a browser that the visitor displaced
  }
  return { answers }
}
