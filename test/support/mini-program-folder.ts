/** Owns small mini programs for tests of the compiler, written to a folder of their own: complete, but for what a test says otherwise. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import { CompileError } from '../../src/demo/miniprogram/compile-error.ts'

const complete: Record<string, string> = {
  'app.json': '{ "pages": ["pages/a/a"] }',
  'app.ts': "import { serviceUrl } from './config'\nApp({ serviceUrl })\n",
  'config.ts': "export const serviceUrl = 'https://as-written.example'\n",
  'pages/a/a.json': '{}',
  'pages/a/a.ts': 'Page({})\n',
  'pages/a/a.wxml': '<view></view>\n',
}

/** File → text; undefined leaves one out. Gives the folder. */
export const writeMiniProgram = async (t: Test, files: Record<string, string | undefined> = {}): Promise<string> => {
  const folder = t.testdir()
  for (const [file, text] of Object.entries({ ...complete, ...files })) {
    if (text === undefined) continue
    await mkdir(dirname(join(folder, file)), { recursive: true })
    await writeFile(join(folder, file), text)
  }
  return folder
}

/** What work is refused for, line by line. */
export const problemsOf = async (work: Promise<unknown>): Promise<readonly string[]> => {
  try {
    await work
  } catch (error) {
    if (error instanceof CompileError) return error.problems
    throw error
  }
  return []
}
