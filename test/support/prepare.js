/**
 * Owns what the tests need of the machine: Node 24, browsers, proxies, a Redis. Says in one line what is missing, or installs it where it may.
 * Plain JavaScript with no types to strip, so that an old Node gets as far as the line that is meant for it.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The program that a test starts, and Debian's package that has it. Fonts are no programs: they come along with the rest. */
const needs = [
  ['chromium', 'chromium'],
  ['redis-server', 'redis-server'],
  ['firefox-esr', 'firefox-esr'],
  ['WebKitWebDriver', 'webkit2gtk-driver'],
  ['Xvfb', 'xvfb'],
  ['nginx', 'nginx'],
  ['haproxy', 'haproxy'],
  ['squid', 'squid'],
  ['caddy', 'caddy'],
]
const packages = [...needs.map(([, name]) => name), 'fonts-noto-core', 'fonts-noto-cjk', 'dbus']
/** Debian's packages start their services unless this program says no (exit code 101). */
const servicePolicy = '/usr/sbin/policy-rc.d'

const stop = (line) => {
  process.stderr.write(`scan-login: ${line}\n`)
  process.exit(1)
}

const isProgram = (file) => {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Where Debian puts browsers and proxies, whatever PATH says of it. Redis is started by its name alone. */
const places = ['/usr/bin', '/usr/sbin']
const path = (process.env.PATH ?? '').split(delimiter)

const isIn = (folders, name) => folders.some((folder) => isProgram(join(folder, name)))

const missing = () => needs.filter(([program]) => !isIn(program === 'redis-server' ? path : [...places, ...path], program)).map(([, name]) => name)

const apt = (...args) => spawnSync('apt-get', args, {
  stdio: ['ignore', 'pipe', 'pipe'],
  encoding: 'utf8',
  env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
})

const install = () => {
  const isOurs = !existsSync(servicePolicy)
  if (isOurs) writeFileSync(servicePolicy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    apt('update') // one list that can't be had is no reason to give up
    const { status, stdout, stderr } = apt('-o', 'DPkg::Lock::Timeout=300', 'install', '-y', '--no-install-recommends', ...packages)
    if (status !== 0) process.stderr.write(`${stdout}${stderr}`)
  } finally {
    if (isOurs) rmSync(servicePolicy)
  }
}

if (Number.parseInt(process.versions.node) < 24) {
  stop(`the tests need Node.js 24 and this is ${process.version}: "npm ci" brings it along unless install scripts are switched off, and "npm rebuild node" then fetches it`)
}
if (missing().length > 0 && process.getuid?.() === 0 && existsSync('/etc/debian_version') && isIn(path, 'apt-get')) {
  process.stdout.write(`scan-login: installing ${packages.join(', ')} for the tests\n`)
  install()
}
if (missing().length > 0) {
  stop(`the tests need ${missing().join(', ')}: apt-get install --no-install-recommends ${packages.join(' ')} (Debian, as root), or put what is needed on PATH`)
}
