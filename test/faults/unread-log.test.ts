/** A log that nobody reads: whatever stands behind the standard output, logins go on, and the process is gone in time when it is told to go. */
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

/** The contract says 5 s. A busy machine gets more: a process that waits for a reader is there for ever. */
const patienceMs = 20_000
const pauseMs = 20

/** Opens a terminal that nobody reads, as one that was stopped with Ctrl-S: unlocks it (TIOCSPTLCK), asks for its number (TIOCGPTN), and runs what is named on it. */
const onTerminal = [
  '$^F = 9', // its other end stays open
  'open(M, "+<", "/dev/ptmx") || die $!',
  '$no = pack("i", 0); ioctl(M, 0x40045431, $no) || die $!',
  '$number = pack("i", 0); ioctl(M, 0x80045430, $number) || die $!',
  'sysopen(STDOUT, "/dev/pts/" . unpack("i", $number), 257) || die $!', // O_WRONLY | O_NOCTTY
  'exec @ARGV',
].join('; ')

/** What stands behind the standard output, as a shell says it; `$0` is the service. None of them reads. The one whose process is in the file `reader` goes. */
const outputs: Readonly<Record<string, string>> = {
  'a pipe': 'mkfifo log; sleep 1000 <log & exec "$0" "$1" >log',
  'a pipe that others write to as well': 'mkfifo log; sleep 1000 <log & exec 4>log; exec "$0" "$1" >&4',
  'a socket': 'exec "$0" "$1"', // what spawn makes, and systemd
  'a stopped terminal': `exec perl -e '${onTerminal}' "$0" "$1"`,
  'a full disk': 'exec "$0" "$1" >/dev/full',
  nothing: 'exec "$0" "$1" >&-',
  'a pipe whose reader has gone': 'mkfifo log; sleep 1000 <log & echo $! >reader; exec "$0" "$1" >log',
}

interface Silent extends Service {
  readonly child: ChildProcess
  readonly ended: Promise<readonly unknown[]>
  logIn (): Promise<number>
  /** Ends whoever has the other end of the pipe, where that is to go. */
  endReader (): Promise<void>
}

/** Whether a process has closed all it had: it is gone, or only its parent has not asked how it ended. */
const hasEnded = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ')
  } catch {
    return true
  }
}

/** Starts the service with a log that nobody reads, at the level that says most. */
const start = async (t: Test, output: string): Promise<Silent> => {
  const folder = makeFolder(t)
  const simulator = await startWechatSimulator()
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const child = spawn('sh', ['-c', output, process.execPath, join(import.meta.dirname, '../../src/server.ts')], {
    cwd: folder,
    detached: true, // a group of its own, with whoever stands at the other end of the pipe
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
    } catch {} // everybody has gone
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

/** Asks until far more was logged than any pipe takes. */
const fill = async ({ call }: Service): Promise<void> => {
  for (let rounds = 0; rounds < 12; rounds++) await Promise.all(Array.from({ length: 50 }, () => call({ path: `/${'a'.repeat(200)}` })))
}

for (const [what, output] of Object.entries(outputs)) {
  for (const signal of what === 'a pipe' ? ['SIGTERM', 'SIGINT'] as const : ['SIGTERM'] as const) {
    await t.test(`E7 log: logins go on, and the process ends on ${signal}, when nobody reads its output: ${what}`, async (t) => {
      const service = await start(t, output)
      await fill(service)
      await service.endReader()
      t.equal(await service.logIn(), 200)
      service.child.kill(signal)
      t.strictSame(await Promise.race([service.ended, sleep(patienceMs, 'too late', { ref: false })]), [0, null])
    })
  }
}
