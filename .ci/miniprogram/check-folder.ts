// The order of the checks: those of single files always run, those of the project only where app.json and what it names can be read.
import { readProject } from '../../src/demo/miniprogram/project.ts'
import { CompileError } from '../../src/demo/miniprogram/compile-error.ts'
import { checkJsonFiles } from './json-schemas.ts'
import { checkNewInterfaces } from './new-interfaces.ts'
import { checkPackaging } from './packaging.ts'
import { checkPhoneGlobals } from './phone-globals.ts'
import { checkPhoneSyntax } from './phone-syntax.ts'
import { checkPrivacy } from './privacy.ts'
import { problemIn, sorted } from './problem.ts'
import type { Problem } from './problem.ts'
import { typeProject } from './program.ts'
import { checkSecrets } from './secrets.ts'
import { checkSetData } from './set-data.ts'
import { checkStyles } from './styles.ts'
import { checkTemplateRules } from './wxml-rules.ts'
import { checkTemplates } from './wxml-types.ts'

/** Checks a mini program; returns its problems, sorted by file and line. */
export const checkFolder = async (folder: string): Promise<readonly Problem[]> => {
  const json = checkJsonFiles(folder)
  const singleFiles = [...json, ...checkPrivacy(folder), ...checkPhoneGlobals(folder), ...checkPhoneSyntax(folder), ...checkSecrets(folder)]
  try {
    const project = await readProject(folder)
    const rules = checkTemplateRules(folder, project)
    const typed = typeProject(folder, project)
    // Where a template breaks a rule, an error of the type checker on that line is the same problem in other words.
    const types = checkTemplates(typed).filter(({ file, line }) => !rules.some((rule) => rule.file === file && rule.line === line))
    return sorted([...singleFiles, ...rules, ...types, ...checkNewInterfaces(typed), ...checkSetData(typed), ...checkStyles(folder, project), ...checkPackaging(folder, project)])
  } catch (error) {
    if (!(error instanceof CompileError)) throw error
    // Where JSON files are wrong, their check has the better messages.
    return sorted(json.length > 0 ? singleFiles : [...singleFiles, ...error.problems.map((problem) => problemIn(...splitProblem(problem)))])
  }
}

/** Splits `app.json: what`, the form of a `CompileError`'s problems. */
const splitProblem = (problem: string): [file: string, message: string] => {
  const [file = '', ...rest] = problem.split(': ')
  return [file, rest.join(': ')]
}
