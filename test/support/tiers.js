/**
 * The tiers of the tests: which files belong to each, and which programs of the machine they start. Plain JavaScript, as it is read before it is known
 * which Node runs it.
 */

/** A program that a test starts, and the package that has it under this name: Debian's, Homebrew's, Fedora's. @typedef {{ program: string, apt: string, brew: string | null, dnf: string | null }} Program */

/** @type {Readonly<Record<string, Program>>} */
export const programs = {
  chromium: { program: 'chromium', apt: 'chromium', brew: 'chromium', dnf: 'chromium' },
  redis: { program: 'redis-server', apt: 'redis-server', brew: 'redis', dnf: 'redis' },
  openssl: { program: 'openssl', apt: 'openssl', brew: 'openssl', dnf: 'openssl' },
  jq: { program: 'jq', apt: 'jq', brew: 'jq', dnf: 'jq' },
  firefox: { program: 'firefox-esr', apt: 'firefox-esr', brew: null, dnf: null },
  webkit: { program: 'WebKitWebDriver', apt: 'webkit2gtk-driver', brew: null, dnf: 'webkit2gtk-driver' },
  xvfb: { program: 'Xvfb', apt: 'xvfb', brew: null, dnf: 'xorg-x11-server-Xvfb' },
  nginx: { program: 'nginx', apt: 'nginx', brew: 'nginx', dnf: 'nginx' },
  haproxy: { program: 'haproxy', apt: 'haproxy', brew: 'haproxy', dnf: 'haproxy' },
  squid: { program: 'squid', apt: 'squid', brew: 'squid', dnf: 'squid' },
  caddy: { program: 'caddy', apt: 'caddy', brew: 'caddy', dnf: 'caddy' },
}

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
    needs: ['chromium', 'redis', 'openssl', 'jq'],
    jobs: 1,
  },
  networks: {
    folders: ['networks'],
    needs: ['chromium', 'firefox', 'webkit', 'xvfb', 'nginx', 'haproxy', 'squid', 'caddy'],
    jobs: 1,
  },
  faults: {
    folders: ['faults', 'chaos', 'soak'],
    needs: ['chromium', 'redis', 'nginx', 'haproxy', 'caddy'],
    jobs: 1,
  },
}
