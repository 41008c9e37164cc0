/** The standard output as a place for log lines. Lines may be lost there: the process waits for nobody who should read them, and ends in time. */
import { constants, fstatSync, openSync, writeSync } from 'node:fs'
import { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { isatty } from 'node:tty'
import { pino, type DestinationStream } from 'pino'

/** So much of the log is kept for an output that takes nothing just now; the rest is lost. Bytes. */
const maxUnwritten = 1024 * 1024

/** How long a stopped terminal isn't tried again. Milliseconds. */
const stoppedMs = 50

/** At its end the process waits so long for an output to take what is left. Milliseconds. */
const flushMs = 300

export interface LogOutput extends DestinationStream {
  /** Resolves when everything is written, or when it has taken too long. */
  flush (): Promise<void>
}

/** Opens the standard output for the log. */
export const openLogOutput = (): LogOutput => {
  if (isatty(1)) {
    const terminal = openTerminal()
    return terminal === null ? fileOutput() : streamOutput(terminal)
  }
  const stdout = fstatSync(1)
  return stdout.isFIFO() || stdout.isSocket() ? streamOutput(process.stdout) : fileOutput()
}

/**
 * The terminal at the standard output, as a stream that never blocks, or null where it can't be opened. Node's own blocks while a terminal is stopped
 * (Ctrl-S), and pino's leaves a thread behind that does, so that the process can't end. It is opened anew, as a flag on the descriptor we were given would
 * hold for the shell as well.
 */
const openTerminal = (): Writable | null => {
  let fd: number
  try {
    fd = openSync('/dev/fd/1', constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch {
    return null
  }
  return new Writable({
    write (chunk: Buffer, _encoding, done) {
      const writeFrom = (from: number): void => {
        try {
          const end = from + writeSync(fd, chunk, from)
          if (end < chunk.length) writeFrom(end)
          else done()
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code === 'EAGAIN') setTimeout(writeFrom, stoppedMs, from).unref()
          else done(error as Error) // node:fs throws Errors
        }
      }
      writeFrom(0)
    },
  })
}

/**
 * A pipe or a socket, through Node's own stream, which never blocks. pino's destination would: its last flush tries again for ever while a pipe is
 * full, and so would a write of its own to a descriptor that blocks, as a thread that is in the middle of it can't be ended.
 */
export const streamOutput = (stream: Writable): LogOutput => {
  stream.on('error', () => {}) // nobody reads any more, and there is no other place to say so
  return {
    write: (line) => { if (stream.writable && stream.writableLength < maxUnwritten) stream.write(line) },
    flush: async () => {
      if (!stream.writable) return
      await Promise.race([new Promise((resolve) => { stream.write('', resolve) }), sleep(flushMs)])
    },
  }
}

/** A file, or what behaves like one: a full disk must not end what it can't write about. */
const fileOutput = (): LogOutput => {
  const output = pino.destination({ maxLength: maxUnwritten })
  output.on('error', () => {
    output.flushSync = () => {} // at the end of the process it would try for ever
  })
  return { write: (line) => { output.write(line) }, flush: async () => {} } // pino flushes it at the end of the process
}
