/** The calling convention of `wx`: a method reports to its callbacks, and returns a promise if none is given. */

export interface Callbacks {
  success?: (result: any) => unknown // differs per method; the typings of the pages have the types
  fail?: (result: { errMsg: string }) => unknown
  complete?: (result: any) => unknown
}

/** Makes a method of `wx` from its name and its work. An error of the work becomes `errMsg: '<name>:fail …'`. */
export type MethodFactory = <Options extends Callbacks>(
  name: string, work: (options: Options) => object | void | Promise<object | void>,
) => (options?: Options) => Promise<object> | undefined

/** `deliver` calls back into the mini program's code, later if that is suspended. */
export const createMethodFactory = (deliver: (call: () => void) => void): MethodFactory => (name, work) => (options) => {
  const actualOptions = options ?? {} as NonNullable<typeof options>
  const outcome = new Promise<object | void>((resolve) => resolve(work(actualOptions)))
    .then((result) => ({ ...result, errMsg: `${name}:ok` }))
  const failure = (error: unknown) => ({ errMsg: `${name}:fail ${messageOf(error)}`.trim() })
  const settle = (onSuccess: (result: object) => void, onFailure: (result: { errMsg: string }) => void): void => {
    outcome.then((result) => deliver(() => onSuccess(result)), (error: unknown) => deliver(() => onFailure(failure(error))))
  }

  const { success, fail, complete } = actualOptions
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

/** Reads the message without `instanceof`: errors from the phone's window have another `Error` class. */
const messageOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : ''
