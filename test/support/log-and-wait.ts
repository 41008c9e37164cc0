/** A program that writes an error to its log, gathers a line after it, and then waits. Its timer never fires. */
import { pino } from 'pino'
import { openLogOutput } from '../../src/log-output.ts'

const log = pino({ base: null }, openLogOutput({ after: () => () => {} }))
log.error('ready')
log.info('last')
setInterval(() => {}, 60_000)
