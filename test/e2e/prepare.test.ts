// The command that prepares a machine for the tests: it installs what is missing, or prints one line about it.
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makeFolder, run } from '../support/service-process.ts'
import { tiers } from '../support/tiers.js'

const script = 'test/support/prepare.js'

await t.test('prepare: it prints nothing when everything is installed', async (t) => {
  t.hasStrict(await run(t, { script, args: ['base'], folder: makeFolder(t) }).ended, { code: 0, stdout: '', stderr: '' })
})

await t.test('prepare: one line says what is missing when it can\'t be installed', async (t) => {
  const folder = makeFolder(t)
  const { code, stdout, stderr } = await run(t, { script, args: ['base'], folder, env: { PATH: folder } }).ended
  t.equal(code, 1)
  t.equal(stdout, '')
  t.match(stderr, /^scan-login: the tests need (?:chromium-headless-shell and chromium and )?redis-server, and nothing else that is missing here: sudo apt-get install -y --no-install-recommends (?:chromium-headless-shell chromium )?redis-server\n$/)
})

const mayInstall = process.getuid?.() === 0

await t.test('prepare: what is missing is installed when it runs as root and there is a package manager', { skip: !mayInstall && 'needs root' }, async (t) => {
  const folder = makeFolder(t)
  const asked = join(folder, 'asked')
  const program = (text: string): string => `#!/bin/sh\n${text}\n`
  writeFileSync(join(folder, 'apt-get'), program(`echo "$DEBIAN_FRONTEND $@" >> ${asked}; exit 100`), { mode: 0o755 })
  const failed = await run(t, { script, args: ['base'], folder, env: { PATH: folder } }).ended
  t.equal(failed.code, 1, 'the installation failed')
  t.match(failed.stderr, /scan-login: the tests need [^\n]+\n$/)

  const installs = `for name in chromium-headless-shell chromium redis-server openssl jq; do echo > "${folder}/$name"; /bin/chmod 755 "${folder}/$name"; done`
  writeFileSync(join(folder, 'apt-get'), program(`echo "$DEBIAN_FRONTEND $@" >> ${asked}; ${installs}`), { mode: 0o755 })
  t.hasStrict(await run(t, { script, args: ['base'], folder, env: { PATH: folder } }).ended, { code: 0, stderr: '' })
  const twice = ['update', '-o DPkg::Lock::Timeout=300 install -y --no-install-recommends chromium-headless-shell chromium redis-server openssl jq fonts-noto-core fonts-noto-cjk dbus']
  t.strictSame(readFileSync(asked, 'utf8').split('\n'), [...twice, ...twice].map((line) => `noninteractive ${line}`).concat(''))
})

await t.test('prepare: the line is a command of the installed package manager, with its names of packages', async (t) => {
  for (const [manager, expected] of [['brew', /: brew install (?:google-chrome )?redis\n$/], ['dnf', /: sudo dnf install -y (?:chromium )?redis\n$/]] as const) {
    const folder = makeFolder(t)
    writeFileSync(join(folder, manager), '', { mode: 0o755 })
    const { code, stderr } = await run(t, { script, args: ['base'], folder, env: { PATH: folder } }).ended
    t.equal(code, 1)
    t.match(stderr, expected)
  }
})

await t.test('prepare: it fails with the names of the tiers when the tier is unknown', async (t) => {
  t.hasStrict(await run(t, { script, args: ['all'], folder: makeFolder(t) }).ended, { code: 1, stderr: 'scan-login: the tiers of the tests are base, networks, faults, parties, install\n' })
})

await t.test('prepare: each test file belongs to one tier', async (t) => {
  const folders = Object.values(tiers).flatMap(({ folders }) => folders)
  t.equal(new Set(folders).size, folders.length)
  const files = globSync('**/*.test.ts', { cwd: join(import.meta.dirname, '..') })
  t.ok(files.length > 100)
  t.strictSame(files.filter((file) => !folders.includes(file.split('/')[0] ?? '')), [])
})
