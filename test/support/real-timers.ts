import type { Clock } from '../../src/login/ports.ts'

/** How much of the time that really passes the steady clock shows. */
const shown = 0.01

/**
 * Returns a clock's time with real timers: waiting for a real server must not wait for the test to move the clock. Deadlines that begin one after the other have to be due
 * one after the other, or all end with the first of them: so the steady clock moves a little by itself, and too little for what is counted in seconds.
 */
export const realTimers = (clock: Clock): Clock => ({
  now: () => clock.now(),
  errorMs: () => clock.errorMs(),
  steady: () => clock.steady() + performance.now() * shown,
  after: (ms, call) => {
    const timer = setTimeout(call, ms)
    return () => clearTimeout(timer)
  },
})
