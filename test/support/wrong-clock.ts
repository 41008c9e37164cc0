/** Preloaded into a service: moves the date that the process sees by WRONG_CLOCK_MS, as on a machine whose clock is wrong. */
const byMs = Number(process.env.WRONG_CLOCK_MS)
const RightDate = Date

globalThis.Date = new Proxy(RightDate, {
  apply: () => new RightDate(RightDate.now() + byMs).toString(),
  construct: (_target, args: [], newTarget) => Reflect.construct(RightDate, args.length === 0 ? [RightDate.now() + byMs] : args, newTarget) as Date,
  get: (target, name, receiver) => name === 'now' ? () => RightDate.now() + byMs : Reflect.get(target, name, receiver),
})
