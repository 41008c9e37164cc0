/**
 * Checks that the machine has what a tier of the tests needs: `node test/support/prepare.js base`. Installs missing packages on Debian when run as root,
 * and otherwise says in one line how to. Plain JavaScript without types to strip, so that an old Node.js gets as far as the line about its version.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { extraPackages, programFolders, programs, tiers } from './tiers.js'

/** Debian packages start their services unless this program exits with 101. */
const servicePolicy = '/usr/sbin/policy-rc.d'

/** @param {string} line @returns {never} */
const stop = (line) => {
  process.stderr.write(`scan-login: ${line}\n`)
  process.exit(1)
}

const { needs } = tiers[process.argv[2] ?? ''] ?? stop(`the tiers of the tests are ${Object.keys(tiers).join(', ')}`)
const packages = [...new Set(needs.map((name) => programs[name].apt)), ...extraPackages]

const isProgram = (file) => {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const path = (process.env.PATH ?? '').split(delimiter)

const isIn = (folders, name) => folders.some((folder) => isProgram(join(folder, name)))

/** Returns the programs that are missing. Redis has to be on PATH: tests start it by name. */
const missing = () => needs.map((name) => programs[name]).filter(({ names, file }) =>
  file === undefined ? !names.some((name) => isIn(name === 'redis-server' ? path : [...programFolders, ...path], name)) : !existsSync(file))

const apt = (...args) => spawnSync('apt-get', args, {
  stdio: ['ignore', 'pipe', 'pipe'],
  encoding: 'utf8',
  env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
})

const install = () => {
  const isOurs = !existsSync(servicePolicy)
  if (isOurs) writeFileSync(servicePolicy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    apt('update') // a failed list is no reason to stop: the install may work all the same
    const { status, stdout, stderr } = apt('-o', 'DPkg::Lock::Timeout=300', 'install', '-y', '--no-install-recommends', ...packages)
    if (status !== 0) process.stderr.write(`${stdout}${stderr}`)
  } finally {
    if (isOurs) rmSync(servicePolicy)
  }
}

/** Returns the command that installs programs with the package manager found here; '' if it doesn't have them all. */
const commandFor = (lacking) => {
  const manager = ['apt-get', 'brew', 'dnf'].find((name) => isIn(path, name)) ?? 'apt-get'
  const names = [...new Set(lacking.map((program) => program[manager === 'apt-get' ? 'apt' : manager]))]
  if (names.includes(null)) return ''
  return manager === 'brew' ? `brew install ${names.join(' ')}` : `sudo ${manager} install -y ${manager === 'apt-get' ? '--no-install-recommends ' : ''}${names.join(' ')}`
}

if (Number.parseInt(process.versions.node) < 24) {
  stop(`the tests need Node.js 24 and this is ${process.version}: "npm ci" brings it along unless install scripts are switched off, and "npm rebuild node" then fetches it`)
}
if (missing().length > 0 && process.getuid?.() === 0 && existsSync('/etc/debian_version') && isIn(path, 'apt-get')) {
  process.stdout.write(`scan-login: installing ${packages.join(', ')} for the tests\n`)
  install()
}
const lacking = missing()
if (lacking.length > 0) {
  const command = commandFor(lacking)
  stop(`the tests need ${lacking.map(({ names }) => names[0]).join(' and ')}, and nothing else that is missing here: ${command || 'to be had on Debian (apt-get), or put on PATH by hand'}`)
}
