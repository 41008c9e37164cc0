/** The sample website with `<scan-login>`, with its backend in Node.js. */
import t from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { testSampleWebsite } from '../support/sample-website.ts'

const chromium = await launchChromium()
t.teardown(() => chromium.close())

await testSampleWebsite(t, 'website.mjs', {
  script: 'src/demo/sites/element/website.mjs',
  clock: { NODE_OPTIONS: `--import=${new URL('../support/skipping-clock/skip.js', import.meta.url).href}` },
}, chromium)
