/** The image as buildah makes it from the Dockerfile. In place of the image in FROM, which is in a registry, there is a bare Debian with this test's Node.js. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, globSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { installed } from '../installed.ts'
import { repository } from '../readmes.ts'
import type { TeardownScope } from '../teardown-scope.ts'

/** As `docker inspect` prints it. */
export interface ImageConfig {
  readonly User: string
  readonly Env: readonly string[]
  readonly Cmd: readonly string[]
  readonly WorkingDir: string
  readonly Healthcheck: { readonly Test: readonly string[] }
  readonly Volumes: Readonly<Record<string, unknown>>
  readonly Labels: Readonly<Record<string, string>>
}

export interface RealImage {
  readonly config: ImageConfig
  /** Its files, with the places where a container gets its own: /proc, /dev, /etc/hosts. */
  readonly root: string
  /** The size of all files in the image. */
  readonly bytes: number
}

/** The files and folders that Docker adds to each container. */
const mountPoints = { folders: ['proc', 'dev', 'run/secrets'], files: ['etc/hosts', 'etc/resolv.conf'] } as const

/** Builds the image. Needs root and the registries of Debian and npm; everything is gone when the test ends. */
export const buildRealImage = (t: TeardownScope): RealImage => {
  const folder = mkdtempSync('/var/tmp/scan-login-image-') // unlike /tmp, never in memory: it takes 2 GB
  t.teardown(() => { rmSync(folder, { recursive: true, force: true }) })
  const buildah = (...words: readonly string[]): string => execute(installed('buildah'), ['--root', join(folder, 'store'), '--runroot', join(folder, 'run'), '--storage-driver', 'vfs', ...words])

  const [, from = ''] = /^FROM (\S+) AS build$/m.exec(readFileSync(join(repository, 'Dockerfile'), 'utf8')) ?? []
  makeBase(buildah, `docker.io/library/${from}`)
  const npmCache = join(homedir(), '.npm')
  mkdirSync(npmCache, { recursive: true })
  const registry = process.env.npm_config_registry
  buildah('bud', '--isolation', 'chroot', '--pull-never', '--layers=false', '--format', 'docker', '--volume', `${npmCache}:/root/.npm`,
    ...registry === undefined ? [] : ['--build-arg', `npm_config_registry=${registry}`], '-t', 'localhost/scan-login', repository)

  const { Docker: { config } } = JSON.parse(buildah('inspect', '--type', 'image', 'localhost/scan-login')) as { readonly Docker: { readonly config: ImageConfig } }
  const root = buildah('mount', buildah('from', '--pull-never', 'localhost/scan-login'))
  const bytes = globSync('**/*', { cwd: root }).reduce((sum, name) => sum + lstatSync(join(root, name)).size, 0)
  for (const name of mountPoints.folders) mkdirSync(join(root, name), { recursive: true })
  for (const name of mountPoints.files) writeFileSync(join(root, name), '')
  return { config, root, bytes }
}

const makeBase = (buildah: (...words: readonly string[]) => string, name: string): void => {
  const container = buildah('from', 'scratch')
  const root = buildah('mount', container)
  execute(installed('debootstrap'), ['--variant=minbase', 'bookworm', root])
  rmSync(join(root, 'var/cache/apt'), { recursive: true, force: true })
  copyFileSync(process.execPath, join(root, 'usr/local/bin/node'))
  const npm = join(dirname(realpathSync(installed('npm'))), '..')
  cpSync(npm, join(root, 'usr/local/lib/node_modules/npm'), { recursive: true })
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'))
  const authorities = process.env.NODE_EXTRA_CA_CERTS // where the registry is behind one of this machine's own
  if (authorities !== undefined) copyFileSync(authorities, join(root, 'usr/local/authorities.pem'))
  buildah('config', '--env', 'PATH=/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin', ...authorities === undefined ? [] : ['--env', 'NODE_EXTRA_CA_CERTS=/usr/local/authorities.pem'], container)
  buildah('commit', '-q', '--rm', container, name)
}

/** Runs a program and returns what it prints. Where it fails, the error has the end of that. */
const execute = (program: string, words: readonly string[]): string => {
  try {
    return execFileSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 64 << 20 }).trim()
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout: string, readonly stderr: string } // as node:child_process documents it
    throw new Error(`${program} ${words.slice(6).join(' ')}: ${`${stdout}${stderr}`.trim().split('\n').slice(-12).join('\n')}`, { cause: error })
  }
}
