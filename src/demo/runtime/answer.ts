/** Owns how a call on `wx` is answered: to the callbacks that were given, or as a promise where there is none. */

export interface Callbacks {
  success?: (result: any) => unknown // each call has its own result; the page's own typings know which
  fail?: (result: { errMsg: string }) => unknown
  complete?: (result: any) => unknown
}

/** Runs a call's work; what it throws or rejects with becomes `name:fail …`. */
export type Answer = <Options extends Callbacks>(
  name: string, work: (options: Options) => object | void | Promise<object | void>,
) => (options?: Options) => Promise<object> | undefined

/** `deliver` hands the outcome to the mini program's code when that is awake. */
export const createAnswer = (deliver: (call: () => void) => void): Answer => (name, work) => (options) => {
  const given = options ?? {} as NonNullable<typeof options>
  const outcome = new Promise<object | void>((resolve) => resolve(work(given)))
    .then((result) => ({ ...result, errMsg: `${name}:ok` }))
  const refusal = (why: unknown) => ({ errMsg: `${name}:fail ${messageOf(why)}`.trim() })
  const settle = (done: (result: object) => void, failed: (result: { errMsg: string }) => void): void => {
    outcome.then((result) => deliver(() => done(result)), (why: unknown) => deliver(() => failed(refusal(why))))
  }

  const { success, fail, complete } = given
  if (success === undefined && fail === undefined && complete === undefined) return new Promise(settle)
  settle((result) => {
    success?.(result)
    complete?.(result)
  }, (result) => {
    fail?.(result)
    complete?.(result)
  })
  return undefined
}

/** An error of the phone around the frame is none of this window's. */
const messageOf = (why: unknown): string =>
  typeof why === 'object' && why !== null && 'message' in why ? String(why.message) : ''
