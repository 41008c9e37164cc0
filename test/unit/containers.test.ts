/** The compose files of src/deploy and their page, where no image has to be built for it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readConfig } from '../../src/config.ts'
import { readCompose } from '../support/containers/compose.ts'
import { repository } from '../support/readmes.ts'

const read = (name: string): string => readFileSync(join(repository, 'src/deploy', name), 'utf8')

const files = [['yaml', 'compose.yaml'], ['yaml', 'compose-redis-nginx.yaml'], ['nginx', 'nginx.conf'], ['yaml', 'compose-caddy.yaml'], ['caddyfile', 'Caddyfile']] as const

const blocksIn = (name: string): ReadonlyArray<readonly [mark: string, text: string]> =>
  [...read(name).matchAll(/^```(\w+)\n([^]*?)^```$/gm)].map(([, mark = '', text = '']) => [mark, text])

for (const name of ['containers.md', 'containers.zh-CN.md']) {
  await t.test(`deploy: the blocks of ${name} are the files that the tests run`, async (t) => {
    t.strictSame(blocksIn(name).filter(([mark]) => mark !== 'sh'), files.map(([mark, file]) => [mark, read(file)]))
  })
}

await t.test('deploy: the containers\' pages have the same commands in both languages', async (t) => {
  const [english, chinese] = ['containers.md', 'containers.zh-CN.md'].map((name) => blocksIn(name).filter(([mark]) => mark === 'sh').map(([, text]) => text.replaceAll(/ +# .*$/gm, '')))
  t.strictSame(chinese, english)
  t.equal(english?.length, 4)
})

for (const { file, proxy } of [{ file: 'compose.yaml', proxy: null }, { file: 'compose-redis-nginx.yaml', proxy: 'nginx' }, { file: 'compose-caddy.yaml', proxy: 'caddy' }]) {
  await t.test(`deploy: ${file} confines the service, trusts its proxy alone, and has settings that start`, async (t) => {
    const { services, networks } = readCompose(file)
    const ours = Object.values(services).filter(({ image }) => image === 'scan-login')
    t.equal(ours.length, proxy === 'nginx' ? 2 : 1)
    for (const { environment = {}, read_only: isReadOnly, cap_drop: dropped, security_opt: options, volumes, pull_policy: pull } of ours) {
      t.strictSame({ isReadOnly, dropped, options, volumes, pull }, { isReadOnly: true, dropped: ['ALL'], options: ['no-new-privileges:true'], volumes: ['data:/app/data'], pull: 'never' })
      const { WECHAT_SECRET_FILE: secret, ...rest } = environment
      t.equal(secret, '/run/secrets/wechat')
      const config = readConfig({ ...rest, WECHAT_SECRET: '0123456789abcdef0123456789abcdef' })
      t.strictSame(config.TRUST_PROXY, [proxy === null ? networks.web?.ipam?.config[0]?.gateway : services[proxy]?.networks.web?.ipv4_address])
    }
    for (const [name, { restart, logging }] of Object.entries(services)) t.strictSame({ restart, logging }, { restart: 'unless-stopped', logging: { driver: 'local', options: { 'max-size': '20m', 'max-file': '10' } } }, name)
    const published = Object.values(services).flatMap(({ ports = [] }) => ports)
    t.strictSame(published, proxy === null ? ['127.0.0.1:3000:3000'] : ['80:80', '443:443', ...proxy === 'caddy' ? ['443:443/udp'] : []])
  })
}
