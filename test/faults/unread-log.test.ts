/** A log that nobody reads: whatever the standard output is, logins continue, and the process ends in time on a signal. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { startWechatSimulator } from '../../src/demo/wechat-simulator.ts'
import { openBrowser, openPhone, type Service } from '../support/clients.ts'
import { makeFolder, waitUntilLive } from '../support/service-process.ts'
import { freePort } from '../support/redis.ts'
import { remote } from '../support/remote.ts'

/** The process ends within 5 s of a signal. More for a busy machine: a process that waits for a reader never ends. */
const patienceMs = 20_000
const pauseMs = 20

/** A Perl script that runs a command on a terminal that nobody reads, like one stopped with Ctrl-S: unlocks it (TIOCSPTLCK) and gets its number (TIOCGPTN). */
const onTerminal = [
  '$^F = 9', // its other end stays open
  'open(M, "+<", "/dev/ptmx") || die $!',
  '$no = pack("i", 0); ioctl(M, 0x40045431, $no) || die $!',
  '$number = pack("i", 0); ioctl(M, 0x80045430, $number) || die $!',
  'sysopen(STDOUT, "/dev/pts/" . unpack("i", $number), 257) || die $!', // O_WRONLY | O_NOCTTY
  'exec @ARGV',
].join('; ')

/** Shell commands that start the service (`$0`) with a standard output that nobody reads. A process whose id is in the file `reader` is killed later. */
const outputs: Readonly<Record<string, string>> = {
  'a pipe': 'mkfifo log; sleep 1000 <log & exec "$0" "$1" >log',
  'a pipe that others write to as well': 'mkfifo log; sleep 1000 <log & exec 4>log; exec "$0" "$1" >&4',
  'a socket': 'exec "$0" "$1"', // what spawn makes, and systemd
  'a stopped terminal': `exec perl -e '${onTerminal}' "$0" "$1"`,
  'a full disk': 'exec "$0" "$1" >/dev/full',
  nothing: 'exec "$0" "$1" >&-',
  'a pipe whose reader has gone': 'mkfifo log; sleep 1000 <log & echo $! >reader; exec "$0" "$1" >log',
}

interface UnreadService extends Service {
  readonly child: ChildProcess
  readonly ended: Promise<readonly unknown[]>
  logIn (): Promise<number>
  /** Kills the process in the file `reader`, if there is one. */
  endReader (): Promise<void>
}

/** Whether a process has ended; a zombie has closed its files, too. */
const hasEnded = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ')
  } catch {
    return true
  }
}

/** Starts the service with a log that nobody reads, at the most verbose level. */
const start = async (t: Test, output: string): Promise<UnreadService> => {
  const folder = makeFolder(t)
  const simulator = await startWechatSimulator()
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const child = spawn('sh', ['-c', output, process.execPath, join(import.meta.dirname, '../../src/server.ts')], {
    cwd: folder,
    detached: true, // a group of its own, with the processes of the shell command
    stdio: ['ignore', 'pipe', 'ignore'],
    env: {
      PATH: process.env.PATH,
      PUBLIC_URL: url,
      HOST: '127.0.0.1',
      PORT: String(port),
      WECHAT_APPID: simulator.appid,
      WECHAT_SECRET: simulator.secret,
      WECHAT_API_URL: simulator.url,
      LOG_LEVEL: 'trace',
      LIMIT_GUESS: '1000000',
    },
  })
  child.stdout.pause()
  const ended = once(child, 'exit')
  const service = remote(url)
  t.teardown(async () => {
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL')
    } catch {} // all have ended
    await service.close()
    await simulator.close()
  })
  await waitUntilLive(service.call)
  return {
    child,
    ended,
    call: service.call,
    logIn: async () => {
      const phone = await openPhone(service, { jsCode: simulator.jsCode('ming'), authority: `127.0.0.1:${port}` })
      const browser = await openBrowser(service)
      await phone.scan(browser.ticket)
      await phone.confirm(browser.ticket, await browser.matchCode())
      return (await browser.consume()).status
    },
    endReader: async () => {
      const file = join(folder, 'reader')
      if (!existsSync(file)) return
      const pid = Number(readFileSync(file, 'latin1'))
      process.kill(pid, 'SIGKILL')
      while (!hasEnded(pid)) await sleep(pauseMs)
    },
  }
}

/** Sends requests until far more is logged than any pipe holds. */
const fillLog = async ({ call }: Service): Promise<void> => {
  for (let rounds = 0; rounds < 12; rounds++) await Promise.all(Array.from({ length: 50 }, () => call({ path: `/${'a'.repeat(200)}` })))
}

for (const [what, output] of Object.entries(outputs)) {
  for (const signal of what === 'a pipe' ? ['SIGTERM', 'SIGINT'] as const : ['SIGTERM'] as const) {
    await t.test(`E7 log: logins continue, and the process ends on ${signal}, when nobody reads its output: ${what}`, async (t) => {
      const service = await start(t, output)
      await fillLog(service)
      await service.endReader()
      t.equal(await service.logIn(), 200)
      service.child.kill(signal)
      t.strictSame(await Promise.race([service.ended, sleep(patienceMs, 'too late', { ref: false })]), [0, null])
    })
  }
}
