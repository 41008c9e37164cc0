/** `npm run doctor`: what is wrong with a set-up, and what to do about it. */
import { readServiceSettings, type ServiceSettings } from '../environment.ts'
import { systemClock } from '../runtime.ts'
import { orExit } from '../serve.ts'
import { ownVersion } from '../version.ts'
import { readArguments } from './arguments.ts'
import { checks } from './doctor/checks.ts'
import { wrongSettings } from './doctor/check-settings.ts'
import { hasNoSettings } from './doctor/env-file.ts'
import { help } from './doctor/help.ts'
import { hasFailed, printJson, printResult, printSummary } from './doctor/print-findings.ts'
import { mend, runChecks } from './doctor/run.ts'
import type { Finding } from './doctor/finding.ts'
import { print } from './print.ts'

const readSettings = (): ServiceSettings | readonly Finding[] => {
  try {
    return readServiceSettings({ withSecretFiles: true })
  } catch (error) {
    return wrongSettings(error)
  }
}

/** Where there are no settings at all, the other checks would look at a service that nobody has, and give advice for it. */
const checksFor = ({ environment }: ServiceSettings): Partial<typeof checks> => hasNoSettings(environment) ? { settings: checks.settings } : checks

await orExit(async () => {
  const { words, options } = readArguments(process.argv.slice(2), [])
  if (options.has('help') || options.has('-h')) {
    await print(help)
    return
  }
  if (words.length > 0 || ![...options].every(([name, value]) => ['json', 'fix'].includes(name) && value === true)) throw new Error('usage: "npm run doctor -- [--json] [--fix]"; "npm run doctor -- --help" says more')

  const settings = readSettings()
  const results: Array<ReturnType<typeof mend>> = []
  const found = 'config' in settings ? runChecks(checksFor(settings), { ...settings, clock: systemClock }) : [{ check: 'settings', findings: settings } as const]
  for await (const result of found) {
    const mended = options.has('fix') ? mend(result) : { ...result, mended: [] }
    results.push(mended)
    if (!options.has('json')) await printResult(mended)
  }
  if (options.has('json')) await printJson(results, ownVersion())
  else await printSummary(results)
  process.exit(hasFailed(results) ? 1 : 0) // a check that was given up may still hold a connection
})
