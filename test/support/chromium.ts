/** Owns the start of the real browser that tests drive. */
import { accessSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium, type Browser, type LaunchOptions } from 'playwright-core'

/** Starts the machine's own Chromium, without the calls home that a fresh profile makes. The caller closes it. */
export const launchChromium = (options: LaunchOptions = {}): Promise<Browser> => chromium.launch({ ...chromiumOptions(), ...options })

/** How it is started, for whoever starts it another way. */
export const chromiumOptions = (): LaunchOptions => ({
  executablePath: installed(),
  args: ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})

/** Where it lies; prepare.js has seen to it that there is one. */
const installed = (): string => {
  const places = ['/usr/bin', ...(process.env.PATH ?? '').split(delimiter)].map((folder) => join(folder, 'chromium'))
  return places.find(exists) ?? 'chromium'
}

const exists = (file: string): boolean => {
  try {
    accessSync(file)
    return true
  } catch {
    return false
  }
}
