/** Small mini programs for tests of the compiler. */
import type { Test } from 'tap'
import { CompileError } from '../../src/demo/miniprogram/compile-error.ts'
import { writeFiles, type Files } from './write-files.ts'

const complete: Record<string, string> = {
  'app.json': '{ "pages": ["pages/a/a"] }',
  'app.ts': "import { serviceUrl } from './config'\nApp({ serviceUrl })\n",
  'config.ts': "export const serviceUrl = 'https://original.example'\n",
  'pages/a/a.json': '{}',
  'pages/a/a.ts': 'Page({})\n',
  'pages/a/a.wxml': '<view></view>\n',
}

/** Writes a complete mini program to the test's folder with some files changed, and returns the folder. */
export const writeMiniProgram = async (t: Test, changes: Files = {}): Promise<string> => {
  const folder = t.testdir()
  await writeFiles(folder, { ...complete, ...changes })
  return folder
}

/** Returns the problems of the `CompileError` that a promise rejects with; none if it resolves. */
export const problemsOf = async (work: Promise<unknown>): Promise<readonly string[]> => {
  try {
    await work
  } catch (error) {
    if (error instanceof CompileError) return error.problems
    throw error
  }
  return []
}
