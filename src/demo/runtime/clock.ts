/** Owns the phone's clock: what the time is, and nothing of how time passes. */

/** Puts every "now" of `Date` off by what the phone says. Timers, and dates made from something, stay as they are. */
export const installClock = (offsetMs: () => number): void => {
  const Real = globalThis.Date
  const now = (): number => Real.now() + offsetMs()
  globalThis.Date = new Proxy(Real, {
    construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
    apply: () => new Real(now()).toString(),
    get: (target, name, receiver) => name === 'now' ? now : Reflect.get(target, name, receiver) as unknown,
  })
}
