/** Owns the start of the real browser that tests drive. */
import { chromium, type Browser } from 'playwright-core'

/** Starts the machine's own Chromium, without the calls home that a fresh profile makes. The caller closes it. */
export const launchChromium = (): Promise<Browser> => chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})
