/** The doctor on small disks. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { goodSettings } from '../support/doctor.ts'
import { makeFolder, run } from '../support/service-process.ts'

if (process.getuid?.() !== 0 || process.platform !== 'linux') throw new Error('these tests need root on Linux, to mount disks')

for (const [options, codes] of [
  ['size=1g', []],
  ['size=300m', ['disk-low']],
  ['size=30m', ['disk-full']],
  ['size=1g,nr_inodes=1', ['disk-full']],
] as const) {
  await t.test(`doctor: the room on the store's disk is measured when that is a tmpfs of ${options}`, async (t) => {
    const folder = makeFolder(t)
    mkdirSync(join(folder, 'data'))
    const { stdout } = await run(t, { script: 'src/commands/doctor.ts', folder, env: { ...goodSettings, STORE_URL: 'sqlite:data/deep/scan-login.db' }, args: ['--json'], through: ['unshare', '-m', 'sh', '-ec', `mount -t tmpfs -o ${options} none "$0"; mkdir "$0/deep" || :; exec "$@"`, join(folder, 'data')] }).ended
    const findings = (JSON.parse(stdout) as { findings: ReadonlyArray<{ check: string, code: string | null, text: string, todo?: string | null }> }).findings.filter(({ check }) => check === 'store')
    t.strictSame(findings.flatMap(({ code }) => code ?? []), codes)
    t.match(findings.map(({ text }) => text).join('\n'), /(?:are free on the disk|it has no inode left)/)
    if (codes.length > 0) t.match(findings.map(({ todo }) => todo ?? '').join('\n'), new RegExp(`"du -xh ${join(folder, 'data')} \\|`), 'all of the disk is shown, not the store alone')
  })
}

await t.test('doctor: a disk without any room is named once, and not a second time as a store that can\'t be opened', async (t) => {
  const folder = makeFolder(t)
  mkdirSync(join(folder, 'data'))
  const fill = 'mount -t tmpfs -o size=1m none "$0"; touch "$0/scan-login.db"; dd if=/dev/zero of="$0/fill" bs=4k 2>/dev/null || true; exec "$@"'
  const { stdout } = await run(t, { script: 'src/commands/doctor.ts', folder, env: goodSettings, args: ['--json'], through: ['unshare', '-m', 'sh', '-ec', fill, join(folder, 'data')] }).ended
  const { findings } = JSON.parse(stdout) as { findings: ReadonlyArray<{ check: string, code: string | null, text: string }> }
  const faults = findings.filter(({ check, code }) => check === 'store' && code !== null)
  t.strictSame(faults.map(({ code }) => code), ['disk-full'])
  t.match(faults[0]?.text, /^0 kB are free /)
})
