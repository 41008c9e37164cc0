/**
 * The tiers of the tests: which files belong to each, and which programs of the machine they start. Plain JavaScript, as it is read before it is known
 * which Node runs it.
 */

/** A program that a test starts, and the package that has it: Debian's, Homebrew's, Fedora's. @typedef {{ program: string, apt: string, brew: string | null, dnf: string | null }} Program */

/** @type {Readonly<Record<string, Program>>} */
export const programs = {
  chromium: { program: 'chromium', apt: 'chromium', brew: 'chromium', dnf: 'chromium' },
  redis: { program: 'redis-server', apt: 'redis-server', brew: 'redis', dnf: 'redis' },
  firefox: { program: 'firefox-esr', apt: 'firefox-esr', brew: 'firefox', dnf: 'firefox' },
  webkit: { program: 'WebKitWebDriver', apt: 'webkit2gtk-driver', brew: null, dnf: 'webkit2gtk-driver' },
  xvfb: { program: 'Xvfb', apt: 'xvfb', brew: null, dnf: 'xorg-x11-server-Xvfb' },
  nginx: { program: 'nginx', apt: 'nginx', brew: 'nginx', dnf: 'nginx' },
  haproxy: { program: 'haproxy', apt: 'haproxy', brew: 'haproxy', dnf: 'haproxy' },
  squid: { program: 'squid', apt: 'squid', brew: 'squid', dnf: 'squid' },
  caddy: { program: 'caddy', apt: 'caddy', brew: 'caddy', dnf: 'caddy' },
}

/**
 * `needs` are names of `programs`, `beside` packages of Debian's without a program of ours. `jobs`: files at a time, for each processor.
 * @typedef {{ folders: readonly string[], needs: readonly string[], beside: readonly string[], jobs: number }} Tier
 */

/** @type {Readonly<Record<string, Tier>>} */
export const tiers = {
  base: {
    folders: ['unit', 'contract', 'http', 'static', 'miniprogram', 'demo', 'e2e'],
    needs: ['chromium', 'redis'],
    beside: ['fonts-noto-core', 'fonts-noto-cjk'],
    jobs: 1,
  },
  networks: {
    folders: ['networks'],
    needs: ['chromium', 'firefox', 'webkit', 'xvfb', 'nginx', 'haproxy', 'squid', 'caddy'],
    beside: ['fonts-noto-core', 'fonts-noto-cjk', 'dbus'],
    jobs: 1,
  },
  faults: {
    folders: ['faults', 'chaos', 'soak'],
    needs: ['chromium', 'redis', 'nginx', 'haproxy', 'caddy'],
    beside: ['fonts-noto-core'],
    jobs: 1,
  },
}
