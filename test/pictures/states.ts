/** Photographs every state of every screen of the real service, in two themes, three languages and several sizes, and puts the pictures on contact sheets for somebody to look at. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { limitConcurrency } from '../support/limit-concurrency.ts'
import { createTeardownScope } from '../support/teardown-scope.ts'
import { createAlbum, type Studio } from './album.ts'
import { elementStates } from './element-states.ts'
import { loginStates } from './login-states.ts'
import { meStates } from './me-states.ts'
import { homeStates, questionStates } from './mini-program-states.ts'
import { peopleStates } from './people-states.ts'
import { samePhoneStates } from './same-phone-states.ts'

const groups: Readonly<Record<string, (studio: Studio) => Promise<void>>> = {
  login: loginStates,
  'same-phone': samePhoneStates,
  me: meStates,
  element: elementStates,
  question: questionStates,
  home: homeStates,
  people: peopleStates,
}

const folder = mkdtempSync(join(tmpdir(), 'scan-login-states-'))
const wanted = process.argv.slice(3)
const browser = await launchChromium()
const twoAtATime = limitConcurrency(2)
await Promise.all(Object.entries(groups).filter(([name]) => wanted.length === 0 || wanted.includes(name)).map(([name, photograph]) => twoAtATime(async () => {
  const scope = createTeardownScope()
  const test = { ...scope, equal: () => true, fail: (message: string) => { console.error(`${name}: ${message}`) } }
  const album = createAlbum(name)
  // The helpers are made for tap's tests, of which they use only these three here.
  await photograph({ t: test as unknown as Test, browser, album }).catch((reason: unknown) => {
    console.error(name, reason) // what was photographed before is shown all the same
    process.exitCode = 1
  })
  for (const sheet of await album.print(browser, folder)) console.log(sheet)
  await scope.end()
})))
await browser.close()
console.log(`${folder}: two themes and three languages a row; a red line is the lower edge of the window`)
