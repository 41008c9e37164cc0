/** Shifts the current time of `Date` by the phone's clock offset. Timers, and dates made from a value, stay as they are. */
export const installClock = (offsetMs: () => number): void => {
  const Real = globalThis.Date
  const now = (): number => Real.now() + offsetMs()
  globalThis.Date = new Proxy(Real, {
    construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
    apply: () => new Real(now()).toString(),
    get: (target, name, receiver) => name === 'now' ? now : Reflect.get(target, name, receiver) as unknown,
  })
}
