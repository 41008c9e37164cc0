// The command: checks a mini program's folder, offline, and prints a line for each problem. Silent when all is well.
import { resolve } from 'node:path'
import { checkFolder } from './check-folder.ts'
import { lineOf } from './problem.ts'

const folder = process.argv[2] ?? 'miniprogram'
const problems = await checkFolder(resolve(folder))
for (const problem of problems) console.log(lineOf(folder, problem))
if (problems.length > 0) process.exitCode = 1
