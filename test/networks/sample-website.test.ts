/** The sample website with `<scan-login>`, with its backend in Debian's Python and PyJWT. */
import { join } from 'node:path'
import t from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { testSampleWebsite } from '../support/sample-website.ts'

const chromium = await launchChromium()
t.teardown(() => chromium.close())

await testSampleWebsite(t, 'website.py', {
  script: 'src/demo/sites/element/website.py',
  program: '/usr/bin/python3', // another one on PATH lacks Debian's modules
  clock: { PYTHONPATH: join(import.meta.dirname, '../support/skipping-clock'), PYTHONDONTWRITEBYTECODE: '1' },
}, chromium)
