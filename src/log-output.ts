/**
 * The standard output as the log's destination. Lines are gathered and written together, as each write costs as much as making a line. Never blocks: lines
 * that nobody reads are dropped, so that the process still ends in time.
 */
import { constants, fstatSync, openSync, writeSync } from 'node:fs'
import { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { isatty } from 'node:tty'
import { pino, type DestinationStream, type LoggerOptions } from 'pino'
import type { LogCode } from './log-codes.ts'
import type { Timer } from './timer-queue.ts'

/** How long a line is gathered. What is gathered when the process is killed (SIGKILL) is lost. */
export const gatherMs = 250
/** The most that is gathered, in characters. */
const maxGathered = 16 * 1024

/** Kept while the output takes nothing; further lines are dropped. */
const maxUnwrittenBytes = 1024 * 1024

/** A stopped terminal is tried again after this. */
const retryMs = 50

/** How long the process waits at its end for the output to take the rest. */
const flushMs = 300

export interface LogOutput extends DestinationStream {
  /** Resolves when everything is written, or after a short wait. */
  flush (): Promise<void>
}

/** While a service starts, or waits for the lock of its store, a signal would end the process at once, without its exit handlers. */
const earlyEnds: Array<() => void> = []

/** Leaves signals to the caller from now on. */
export const takeOverSignals = (): void => { for (const remove of earlyEnds.splice(0)) remove() }

/** Opens the standard output for the log. What is gathered is also written when the process exits, and when a signal ends it before `serve` handles signals. */
export const openLogOutput = (timer: Pick<Timer, 'after'>): LogOutput => {
  const output = openOutput()
  const lines = gatherLines((text) => { output.write(text) }, timer)
  const flush = async (): Promise<void> => {
    lines.flush()
    await output.flush()
  }
  process.once('exit', lines.flush)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const end = (): void => { flush().catch(() => {}).finally(() => { process.kill(process.pid, signal) }) }
    process.once(signal, end)
    earlyEnds.push(() => { process.off(signal, end) })
  }
  return { ...lines, flush }
}

/** Creates a destination of pino that calls `write` with whole lines. An error is written at once, with all lines before it. */
export const gatherLines = (write: (lines: string) => void, timer: Pick<Timer, 'after'>) => {
  let gathered = ''
  let cancel = (): void => {}

  const flush = (): void => {
    if (gathered === '') return
    cancel()
    const lines = gathered
    gathered = ''
    write(lines)
  }

  return {
    [pino.symbols.needsMetadataGsym]: true, // pino sets `lastLevel` before each line
    lastLevel: 0,
    write (line: string): void {
      if (gathered === '') cancel = timer.after(gatherMs, flush)
      gathered += line
      if (this.lastLevel >= errorLevel || gathered.length >= maxGathered) flush()
    },
    flush,
  }
}

/** pino's `warn` and `error`. */
const warnLevel = 40
const errorLevel = 50

const nothing = {}
const unexpected: { readonly code: LogCode } = { code: 'unexpected' }

/** Options of pino: warnings and errors of libraries, Fastify's above all, get a code. Ours have one. */
export const libraryLines: Pick<LoggerOptions, 'mixin' | 'mixinMergeStrategy'> = {
  mixin: (fields, level) => level >= warnLevel && !('code' in fields) ? unexpected : nothing,
  mixinMergeStrategy: (fields, mixedIn) => mixedIn === nothing ? fields : { ...fields, ...mixedIn },
}

const openOutput = (): LogOutput => {
  if (isatty(1)) {
    const terminal = openTerminal()
    return terminal === null ? fileOutput() : streamOutput(terminal)
  }
  const stdout = fstatSync(1)
  return stdout.isFIFO() || stdout.isSocket() ? streamOutput(process.stdout) : fileOutput()
}

/**
 * Opens the terminal at the standard output as a stream that never blocks; null where that fails. Node's own stream blocks while a terminal is stopped
 * (Ctrl-S), and pino's leaves a blocked thread behind, so that the process can't end. The terminal is opened again, because O_NONBLOCK on the inherited
 * descriptor would change it for the shell as well.
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
          if ((error as NodeJS.ErrnoException).code === 'EAGAIN') setTimeout(writeFrom, retryMs, from).unref()
          else done(error as Error) // node:fs throws Errors
        }
      }
      writeFrom(0)
    },
  })
}

/**
 * Writes to a pipe or a socket through Node's own stream, which never blocks there. pino's destination would: its last flush retries for ever while a pipe is
 * full, and a thread in the middle of a blocking write can't be ended.
 */
const streamOutput = (stream: Writable): LogOutput => {
  stream.on('error', () => {}) // the reader has gone, and there is no other place to report it
  return {
    write: (line) => { if (stream.writable && stream.writableLength < maxUnwrittenBytes) stream.write(line) },
    flush: async () => {
      if (!stream.writable) return
      await Promise.race([new Promise((resolve) => { stream.write('', resolve) }), sleep(flushMs)])
    },
  }
}

/** Writes to a file, or what behaves like one. A full disk must not end the process. */
const fileOutput = (): LogOutput => {
  const output = pino.destination({ maxLength: maxUnwrittenBytes })
  output.on('error', () => {
    output.flushSync = () => {} // it would retry for ever at the end of the process
  })
  return {
    write: (line) => { output.write(line) },
    flush: async () => { await Promise.race([new Promise<void>((resolve) => { output.flush(() => { resolve() }) }), sleep(flushMs)]) },
  }
}
