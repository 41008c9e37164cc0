/**
 * The tiers of the tests: which files belong to each, and which programs of the machine they start. Plain JavaScript, as it is read before it is known
 * which Node runs it.
 */

/**
 * A program that a test starts: the names that it may have, the best first, and the package that has it: Debian's, Homebrew's, Fedora's.
 * @typedef {{ names: readonly string[], apt: string, brew: string | null, dnf: string | null }} Program
 */

/** @type {Readonly<Record<string, Program>>} */
export const programs = {
  /** Chromium without a window is the same engine, and takes a third of the processor: the window loads pages of its own beside each that is opened. */
  browser: { names: ['chromium-headless-shell', 'chromium', 'Google Chrome'], apt: 'chromium-headless-shell', brew: 'google-chrome', dnf: 'chromium' },
  chromium: { names: ['chromium', 'Google Chrome'], apt: 'chromium', brew: 'google-chrome', dnf: 'chromium' },
  redis: { names: ['redis-server'], apt: 'redis-server', brew: 'redis', dnf: 'redis' },
  openssl: { names: ['openssl'], apt: 'openssl', brew: 'openssl', dnf: 'openssl' },
  jq: { names: ['jq'], apt: 'jq', brew: 'jq', dnf: 'jq' },
  firefox: { names: ['firefox-esr'], apt: 'firefox-esr', brew: null, dnf: null },
  webkit: { names: ['WebKitWebDriver'], apt: 'webkit2gtk-driver', brew: null, dnf: 'webkit2gtk-driver' },
  xvfb: { names: ['Xvfb'], apt: 'xvfb', brew: null, dnf: 'xorg-x11-server-Xvfb' },
  nginx: { names: ['nginx'], apt: 'nginx', brew: 'nginx', dnf: 'nginx' },
  haproxy: { names: ['haproxy'], apt: 'haproxy', brew: 'haproxy', dnf: 'haproxy' },
  squid: { names: ['squid'], apt: 'squid', brew: 'squid', dnf: 'squid' },
  caddy: { names: ['caddy'], apt: 'caddy', brew: 'caddy', dnf: 'caddy' },
}

/** Where Debian puts browsers and proxies, and macOS its browser, whatever PATH says of it. */
export const places = ['/usr/bin', '/usr/sbin', '/Applications/Google Chrome.app/Contents/MacOS']

/** Debian's packages that have no program of ours, and are installed with the first that has. */
export const beside = ['fonts-noto-core', 'fonts-noto-cjk', 'dbus']

/**
 * `folders` lie in `test/`; `needs` are names of `programs`; `jobs`: files at a time, for each processor.
 * @typedef {{ folders: readonly string[], needs: readonly string[], jobs: number }} Tier
 */

/** @type {Readonly<Record<string, Tier>>} */
export const tiers = {
  base: {
    folders: ['unit', 'contract', 'http', 'static', 'miniprogram', 'demo', 'e2e'],
    needs: ['browser', 'chromium', 'redis', 'openssl', 'jq'],
    jobs: 2.5,
  },
  networks: {
    folders: ['networks'],
    needs: ['browser', 'chromium', 'firefox', 'webkit', 'xvfb', 'nginx', 'haproxy', 'squid', 'caddy'],
    jobs: 1,
  },
  faults: {
    folders: ['faults', 'chaos', 'soak'],
    needs: ['browser', 'redis', 'nginx', 'haproxy', 'caddy'],
    jobs: 1,
  },
}
