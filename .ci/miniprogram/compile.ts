// WeChat's own compiler over the mini program, without an account and, once installed, offline. Opt-in, since it has 276 MB: it is not among
// the repository's packages, and a lock file of its own pins it and its dependencies.
import { spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

/** The part of miniprogram-ci 2.1.42 that is used here. */
interface Compiler {
  readonly Project: new (options: { appid: string, type: 'miniProgram', projectPath: string, privateKeyPath: string }) => CompilerProject
  /** Stands in for WeChat's answer about the account's limits. */
  readonly DefaultProjectAttr: unknown
  getCompiledResult (options: { project: CompilerProject, version: string, desc: string, setting: { useProjectConfig: true } }): Promise<Record<string, string | Uint8Array>>
  getSiteMapJSON (project: CompilerProject): Promise<unknown>
  checkCodeQuality (project: CompilerProject): Promise<ReadonlyArray<{ name: string, success: boolean, text: string }>>
}

interface CompilerProject {
  attr: () => Promise<unknown>
}

const compilerFolder = join(import.meta.dirname, 'miniprogram-ci')

const installOnce = (): void => {
  if (existsSync(join(compilerFolder, 'node_modules/.package-lock.json'))) return // npm writes it last
  console.log('Installing WeChat\'s compiler, once')
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: compilerFolder, stdio: 'inherit' })
  if (status !== 0) throw new Error('npm could not install WeChat\'s compiler')
}

const compile = async (folder: string, temporary: string): Promise<string> => {
  const compiler: Compiler = createRequire(join(compilerFolder, 'package.json'))('miniprogram-ci')
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const privateKeyPath = join(temporary, 'upload.key')
  writeFileSync(privateKeyPath, privateKey.export({ type: 'pkcs1', format: 'pem' }))
  const open = (projectPath: string): CompilerProject => {
    const project = new compiler.Project({ appid: 'wx0123456789abcdef', type: 'miniProgram', projectPath, privateKeyPath })
    // The original asks WeChat, signed with an account's key. Replacing it is undocumented, so the version is pinned.
    project.attr = () => Promise.resolve(compiler.DefaultProjectAttr)
    return project
  }

  const project = open(folder)
  const files = Object.entries(await compiler.getCompiledResult({ project, version: '0.0.0', desc: 'check', setting: { useProjectConfig: true } }))
    .map(([name, content]): [string, Buffer] => [name, Buffer.from(content)])

  // The sitemap check doesn't find pages in TypeScript, so it gets the compiled files.
  const compiled = join(temporary, 'compiled')
  for (const [name, content] of files) {
    mkdirSync(dirname(join(compiled, name)), { recursive: true })
    writeFileSync(join(compiled, name), content)
  }
  await compiler.getSiteMapJSON(open(compiled))
  const advice = (await compiler.checkCodeQuality(project)).filter(({ success }) => !success)

  const bytes = files.reduce((sum, [, { length }]) => sum + length, 0)
  return [
    ...files.map(([name, { length }]) => `${String(length).padStart(8)} ${name}`),
    `${String(bytes).padStart(8)} bytes in ${files.length} files`,
    ...advice.map(({ name, text }) => `advice: ${text} (${name})`),
  ].join('\n')
}

/** Silences the compiler: it logs every step, and an error for a request to WeChat that it can do without. */
const quietly = async <T>(work: () => Promise<T>): Promise<T> => {
  const { log, info, warn, error } = console
  const silence = (): void => {}
  Object.assign(console, { log: silence, info: silence, warn: silence, error: silence })
  return work().finally(() => Object.assign(console, { log, info, warn, error }))
}

/** Formats the compiler's errors as `pages/login/login.wxml:41:9:unexpected end tag: text`: some have the file in the message, others in `path`. */
const messageOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return 'path' in error && typeof error.path === 'string' && !error.message.includes(error.path) ? `${error.path}:${error.message}` : error.message
}

const end = (code: number, text: string): never => {
  rmSync(temporary, { recursive: true, force: true })
  process.stdout.write(`${text}\n`)
  process.exit(code) // the compiler's worker and file watcher keep the process alive
}

const temporary = mkdtempSync(join(tmpdir(), 'miniprogram-'))
process.on('unhandledRejection', (reason) => end(1, messageOf(reason)))
try {
  installOnce()
  const report = await quietly(() => compile(resolve(process.argv[2] ?? 'miniprogram'), temporary))
  end(0, report)
} catch (error) {
  end(1, messageOf(error))
}
