/** The image, made by following the Dockerfile in folders of this machine: its build, and the files that it ends with. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { makeFolder } from './service-process.ts'
import { repository } from './readmes.ts'
import type { TeardownScope } from './teardown-scope.ts'

export interface Image {
  /** What stands for the image's /app. No package can be found from there. */
  readonly folder: string
  /** The words of `CMD` and of the health check. */
  readonly command: readonly string[]
  readonly healthcheck: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

/** Where the build stage gathers the system. */
const systemFolder = '/app/system'

/** Whether .dockerignore lets a file of the repository into the build. Knows the forms that ours has: `*`, `!path`, `path`, and names at any depth. */
const isSent = (path: string, rules: readonly string[]): boolean => rules.reduce((sent, rule) => {
  const matches = rule === '*' ? true : rule.startsWith('**/') ? new RegExp(`^${rule.slice(3).replaceAll('.', '\\.').replace('*', '.*')}$`).test(basename(path)) : isIn(path, rule.replace('!', ''))
  return matches ? rule.startsWith('!') : sent
}, true)

const isIn = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`)

/**
 * Follows the Dockerfile. In place of `npm ci`, which needs the network, it takes the packages that are here. The system below the service, which a real build takes
 * from the image in FROM, is left out but for the folder for data (tier install has it). Throws where an instruction is unknown.
 */
export const buildImage = (t: TeardownScope): Image => {
  const lines = readFileSync(join(repository, 'Dockerfile'), 'utf8').replaceAll('\\\n', '').split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const rules = readFileSync(join(repository, '.dockerignore'), 'utf8').split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const stages: string[] = []
  let folder = ''
  let command: readonly string[] = []
  let healthcheck: readonly string[] = []
  const labels: Record<string, string> = {}

  const addLabel = (line: string): void => {
    const [, name = '', value] = /^([\w.]+)=(".*")$/.exec(line) ?? []
    if (value === undefined) throw new Error(`the Dockerfile has LABEL ${line}`)
    labels[name] = JSON.parse(value)
  }

  const copy = (words: readonly string[]): void => {
    const [to = ''] = words.slice(-1)
    if (words[0] === '--from=build') {
      if (words[1] === systemFolder) mkdirSync(join(folder, 'data'))
      else cpSync(join(stages[0] ?? '', relative('/app', words[1] ?? '')), join(folder, to), { recursive: true })
      return
    }
    for (const from of words.slice(0, -1)) {
      cpSync(join(repository, from), to === './' ? join(folder, from) : join(folder, to), {
        recursive: true,
        filter: (source) => {
          const path = relative(repository, source)
          return isSent(path, rules) || rules.some((rule) => isIn(rule, `!${path}`)) // the folder of a file that is sent
        },
      })
    }
  }

  const run = (line: string): void => {
    if (line.startsWith('npm ci ')) symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'))
    else if (line.startsWith('node ')) execFileSync(process.execPath, line.split(' ').slice(1), { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
    else if (!line.includes('system/')) throw new Error(`the Dockerfile runs ${line}`)
  }

  for (const line of lines) {
    const [instruction = '', ...words] = line.split(' ')
    if (instruction === 'FROM') {
      folder = makeFolder(t)
      stages.push(folder)
    } else if (instruction === 'COPY') copy(words)
    else if (instruction === 'RUN') run(words.join(' '))
    else if (instruction === 'CMD') command = JSON.parse(words.join(' '))
    else if (instruction === 'HEALTHCHECK') healthcheck = JSON.parse(line.split(' CMD ')[1] ?? '')
    else if (instruction === 'LABEL') addLabel(words.join(' '))
    else if (!['ARG', 'ENV', 'WORKDIR', 'VOLUME', 'USER', 'EXPOSE'].includes(instruction)) throw new Error(`the Dockerfile has ${line}`)
  }
  return { folder, command, healthcheck, labels }
}
