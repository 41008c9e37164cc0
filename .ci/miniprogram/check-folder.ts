// Owns the order of the checks: what looks at single files always runs, what follows app.json only where that leads somewhere.
import { readProject } from '../../src/demo/miniprogram/project.ts'
import { CompileError } from '../../src/demo/miniprogram/compile-error.ts'
import { checkJsonFiles } from './json-schemas.ts'
import { checkNewInterfaces } from './new-interfaces.ts'
import { checkPackaging } from './packaging.ts'
import { checkPhoneGlobals } from './phone-globals.ts'
import { checkPhoneSyntax } from './phone-syntax.ts'
import { checkPrivacy } from './privacy.ts'
import { inOrder, problemIn } from './problem.ts'
import type { Problem } from './problem.ts'
import { typeProject } from './program.ts'
import { checkSecrets } from './secrets.ts'
import { checkSetData } from './set-data.ts'
import { checkStyles } from './styles.ts'
import { checkTemplateRules } from './wxml-rules.ts'
import { checkTemplates } from './wxml-types.ts'

/** Gives everything that is wrong with a mini program, in the order of files and lines. */
export const checkFolder = async (folder: string): Promise<readonly Problem[]> => {
  const json = checkJsonFiles(folder)
  const alone = [...json, ...checkPrivacy(folder), ...checkPhoneGlobals(folder), ...checkPhoneSyntax(folder), ...checkSecrets(folder)]
  try {
    const project = await readProject(folder)
    const rules = checkTemplateRules(folder, project)
    const typed = typeProject(folder, project)
    // Where a template breaks a rule, the type checker only says so in other words.
    const types = checkTemplates(typed).filter(({ file, line }) => !rules.some((rule) => rule.file === file && rule.line === line))
    return inOrder([...alone, ...rules, ...types, ...checkNewInterfaces(typed), ...checkSetData(typed), ...checkStyles(folder, project), ...checkPackaging(folder, project)])
  } catch (error) {
    if (!(error instanceof CompileError)) throw error
    // Where the JSON files are wrong, the check of these says so better.
    return inOrder(json.length > 0 ? alone : [...alone, ...error.problems.map((problem) => problemIn(...splitProblem(problem)))])
  }
}

/** `app.json: what`, as the reader of projects says it. */
const splitProblem = (problem: string): [file: string, message: string] => {
  const [file = '', ...rest] = problem.split(': ')
  return [file, rest.join(': ')]
}
