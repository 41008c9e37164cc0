/** The blocks of src/deploy/README.md that can be pasted, by the headings above them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../readmes.ts'

export interface Block {
  /** The nearest heading's text. */
  readonly heading: string
  /** What a comment in front of it says; '' without one. */
  readonly mark: string
  readonly script: string
}

/** Returns them in the order of the page. */
export const blocksOf = (file: string): readonly Block[] => {
  let heading = ''
  return [...readFileSync(join(repository, file), 'utf8').matchAll(/^#+ (.+)$|(?:^<!-- (.+) -->\n)?^```sh\n([^]*?)^```$/gm)].flatMap(([, title, mark = '', script]) => {
    if (script !== undefined) return [{ heading, mark, script }]
    heading = title ?? ''
    return []
  })
}
