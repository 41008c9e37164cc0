/**
 * The tiers of the tests: which files belong to each, and which programs of the machine they start. Plain JavaScript, as prepare.js reads it on any
 * version of Node.js.
 */

/**
 * A program that a test starts: its possible names, the best first, and its package for Debian, Homebrew and Fedora. A module of another program is told by its `file`.
 * @typedef {{ names: readonly string[], file?: string, apt: string, brew: string | null, dnf: string | null }} Program
 */

/** @type {Readonly<Record<string, Program>>} */
export const programs = {
  /** The headless shell is the same engine and needs a third of the processor time: a full Chromium loads pages of its own beside each that is opened. */
  browser: { names: ['chromium-headless-shell', 'chromium', 'Google Chrome'], apt: 'chromium-headless-shell', brew: 'google-chrome', dnf: 'chromium' },
  chromium: { names: ['chromium', 'Google Chrome'], apt: 'chromium', brew: 'google-chrome', dnf: 'chromium' },
  redis: { names: ['redis-server'], apt: 'redis-server', brew: 'redis', dnf: 'redis' },
  openssl: { names: ['openssl'], apt: 'openssl', brew: 'openssl', dnf: 'openssl' },
  jq: { names: ['jq'], apt: 'jq', brew: 'jq', dnf: 'jq' },
  python: { names: ['python3'], apt: 'python3', brew: 'python', dnf: 'python3' },
  pyjwt: { names: ['python3-jwt'], file: '/usr/lib/python3/dist-packages/jwt/__init__.py', apt: 'python3-jwt', brew: null, dnf: null },
  cryptography: { names: ['python3-cryptography'], file: '/usr/lib/python3/dist-packages/cryptography/__init__.py', apt: 'python3-cryptography', brew: null, dnf: null },
  firefox: { names: ['firefox-esr'], apt: 'firefox-esr', brew: null, dnf: null },
  webkit: { names: ['WebKitWebDriver'], apt: 'webkit2gtk-driver', brew: null, dnf: 'webkit2gtk-driver' },
  xvfb: { names: ['Xvfb'], apt: 'xvfb', brew: null, dnf: 'xorg-x11-server-Xvfb' },
  nginx: { names: ['nginx'], apt: 'nginx', brew: 'nginx', dnf: 'nginx' },
  haproxy: { names: ['haproxy'], apt: 'haproxy', brew: 'haproxy', dnf: 'haproxy' },
  squid: { names: ['squid'], apt: 'squid', brew: 'squid', dnf: 'squid' },
  caddy: { names: ['caddy'], apt: 'caddy', brew: 'caddy', dnf: 'caddy' },
  prometheus: { names: ['prometheus'], apt: 'prometheus', brew: 'prometheus', dnf: null },
  nft: { names: ['nft'], apt: 'nftables', brew: null, dnf: 'nftables' },
  ip: { names: ['ip'], apt: 'iproute2', brew: null, dnf: 'iproute' },
  gcc: { names: ['gcc'], apt: 'gcc', brew: 'gcc', dnf: 'gcc' },
  strace: { names: ['strace'], apt: 'strace', brew: null, dnf: 'strace' },
  apache: { names: ['apache2'], file: '/usr/lib/apache2/modules/mod_auth_openidc.so', apt: 'libapache2-mod-auth-openidc', brew: null, dnf: null },
  go: { names: ['go'], file: '/usr/share/gocode/src/github.com/coreos/go-oidc/oidc.go', apt: 'golang-github-coreos-go-oidc-dev', brew: null, dnf: null },
  debootstrap: { names: ['debootstrap'], apt: 'debootstrap', brew: null, dnf: 'debootstrap' },
  buildah: { names: ['buildah'], apt: 'buildah', brew: null, dnf: 'buildah' },
  wget: { names: ['wget'], apt: 'wget', brew: 'wget', dnf: 'wget' },
  unshare: { names: ['unshare'], apt: 'util-linux', brew: null, dnf: 'util-linux' },
}

/** Where Debian installs browsers and proxies, and macOS its browser; searched whether or not they are on PATH. */
export const programFolders = ['/usr/bin', '/usr/sbin', '/Applications/Google Chrome.app/Contents/MacOS']

/** Debian packages without a program of `programs`, installed with those that have one. */
export const extraPackages = ['fonts-noto-core', 'fonts-noto-cjk', 'dbus']

/**
 * `folders` of `test/`; `needs`: names of `programs`; `jobs`: how many files run at a time, per processor; `seconds`: what a file may take in place of tap's setting.
 * @typedef {{ folders: readonly string[], needs: readonly string[], jobs: number, seconds?: number }} Tier
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
    needs: ['browser', 'chromium', 'firefox', 'webkit', 'xvfb', 'nginx', 'haproxy', 'squid', 'caddy', 'openssl', 'prometheus', 'nft', 'ip', 'unshare', 'python', 'pyjwt', 'cryptography'],
    jobs: 1,
  },
  faults: {
    folders: ['faults', 'chaos', 'soak', 'bench'],
    needs: ['browser', 'redis', 'nginx', 'haproxy', 'caddy', 'gcc', 'strace'],
    jobs: 1,
  },
  parties: {
    folders: ['parties'],
    needs: ['browser', 'redis', 'apache', 'go'],
    jobs: 1,
  },
  install: {
    folders: ['install'],
    needs: ['debootstrap', 'ip', 'openssl', 'unshare', 'buildah', 'redis', 'nginx', 'caddy', 'wget'],
    jobs: 1,
    seconds: 1800, // 500 packages of Debian, 600 of npm
  },
}
