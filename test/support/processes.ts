/** The list of the machine's processes, on Linux and where there is `ps`. */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { platform } from 'node:process'

export interface Process {
  readonly pid: number
  readonly parent: number
  /** When it was started, and with that and the number the one process that is meant. */
  readonly began: string
  readonly command: string
}

/** Those that run now, less those that have ended and wait for their parent. */
export const processes = (): Process[] => platform === 'linux' ? processesOfLinux() : processesOfPs()

/** Without `ps`, which a small Debian doesn't have. */
const processesOfLinux = (): Process[] => readdirSync('/proc').flatMap((pid) => {
  if (!/^\d+$/.test(pid)) return []
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    // Behind the name, which may hold anything: state, parent, and as the 20th the start. See proc(5).
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')
    return fields[0] === 'Z' ? [] : [{ pid: Number(pid), parent: Number(fields[1]), began: fields[19] ?? '', command }]
  } catch { // it has just ended
    return []
  }
})

const processesOfPs = (): Process[] => {
  const { stdout } = spawnSync('ps', ['-axww', '-o', 'pid=,ppid=,lstart=,command='], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } })
  return stdout.split('\n').flatMap((line) => {
    const [, pid, parent, began, command] = /^\s*(\d+)\s+(\d+)\s+(\w+\s+\w+\s+\d+\s+[\d:]+\s+\d+)\s+(.*)$/.exec(line) ?? []
    return pid === undefined || command === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), began: began ?? '', command }]
  })
}
