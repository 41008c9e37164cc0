/** The standard output of a command, whose reader may stop reading. */

let isRead = true
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  isRead = false // the reader has seen enough: `| head`
})

process.stderr.on('error', () => {}) // nobody reads it: what the command does goes on

/** Writes to the standard output. False once nobody reads it any more. */
export const print = async (text: string): Promise<boolean> => {
  if (isRead) await new Promise<void>((resolve) => { process.stdout.write(text, () => { resolve() }) })
  return isRead
}
