/** The list of the machine's processes, on Linux and where there is `ps`. */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { platform } from 'node:process'

export interface Process {
  readonly pid: number
  readonly parent: number
  /** When it was started: pid and start identify a process. */
  readonly began: string
  readonly command: string
}

/** Returns the processes that run now, without zombies. */
export const processes = (): Process[] => platform === 'linux' ? processesOfLinux() : processesOfPs()

/** Returns a process and its descendants. */
export const familyOf = (root: number): Process[] => {
  const all = processes()
  const childrenOf = (pid: number): Process[] => all.filter(({ parent }) => parent === pid).flatMap((child) => [child, ...childrenOf(child.pid)])
  return [...all.filter(({ pid }) => pid === root), ...childrenOf(root)]
}

/** Reads /proc: a small Debian has no `ps`. */
const processesOfLinux = (): Process[] => readdirSync('/proc').flatMap((pid) => {
  if (!/^\d+$/.test(pid)) return []
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    // After the name, which may contain anything: state, parent, and 20th the start time. See proc(5).
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')
    return fields[0] === 'Z' ? [] : [{ pid: Number(pid), parent: Number(fields[1]), began: fields[19] ?? '', command }]
  } catch { // it has just exited
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
