/** The READMEs of the repository, by language, and the parts of them that tests hold to the code. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const repository = join(import.meta.dirname, '../..')

export type Language = 'en' | 'zh-CN'

export interface Readme {
  /** Relative to the repository, as `src/http/README.md`. The pages on capacity, on other logins and on containers are READMEs, too. */
  readonly file: string
  readonly text: string
}

const endings: Readonly<Record<Language, string>> = { en: '.md', 'zh-CN': '.zh-CN.md' }
const names = ['README', 'CAPACITY', 'COMPARISON', 'containers']

/** Reads every README in a language, in the order of their paths. */
export const readmesIn = (language: Language): readonly Readme[] =>
  globSync(names.flatMap((name) => [`${name}${endings[language]}`, `{miniprogram,src,static,test}/**/${name}${endings[language]}`]), { cwd: repository }).sort()
    .map((file) => ({ file, text: readFileSync(join(repository, file), 'utf8') }))

/** Returns the text under a heading of the second order, which exactly one README in the language has. */
export const sectionIn = (language: Language, title: string): string => {
  const sections = readmesIn(language).flatMap(({ text }) => text.split(/^## /m).slice(1)).filter((section) => section.startsWith(`${title}\n`))
  if (sections.length !== 1) throw new Error(`${sections.length} READMEs in ${language} have a section "${title}"`)
  return sections[0] as string // the length is checked
}

/** Returns all that the READMEs in a language say, one after the other. */
export const textIn = (language: Language): string => readmesIn(language).map(({ text }) => text).join('\n')
