// Checks that no secret is in the package, which anybody can read who has the mini program on a phone.
import ts from 'typescript'
import { filesOf, textOf } from './files.ts'
import { problemAt, problemIn } from './problem.ts'
import type { Problem } from './problem.ts'
import { serviceUrlProblem } from './service-url.ts'

const secrets = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----/g, 'a private key'],
  [/(?<![0-9a-zA-Z])[0-9a-f]{32}(?![0-9a-zA-Z])/g, 'what looks like an AppSecret'],
] as const

export const checkSecrets = (folder: string): readonly Problem[] => {
  const files = filesOf(folder)
  const found = files.flatMap((file) => {
    const text = textOf(folder, file)
    return secrets.flatMap(([pattern, what]) => [...text.matchAll(pattern)].map(({ index }) => problemAt(file, text, index, `${what}: everybody could read it`)))
  })
  return [...found, ...files.includes('config.ts') ? configProblems(textOf(folder, 'config.ts')) : [problemIn('config.ts', 'is missing: it holds the address of the service')]]
}

/** config.ts is the one file that operators edit, so it holds the service's address and nothing else. */
const configProblems = (text: string): readonly Problem[] => {
  const { statements } = ts.createSourceFile('config.ts', text, ts.ScriptTarget.ES2020, true)
  const [statement, next] = statements
  const declaration = statement !== undefined && ts.isVariableStatement(statement) ? statement.declarationList.declarations[0] : undefined
  const value = declaration?.initializer
  if (next !== undefined || declaration?.name.getText() !== 'serviceUrl' || value === undefined || !ts.isStringLiteralLike(value)) {
    return [problemAt('config.ts', text, (next ?? statement)?.getStart() ?? 0, 'must hold `export const serviceUrl = \'https://…\'` and nothing else')]
  }
  const wrong = serviceUrlProblem(value.text)
  return wrong === undefined ? [] : [problemAt('config.ts', text, value.getStart(), `"${value.text}" ${wrong}`)]
}
