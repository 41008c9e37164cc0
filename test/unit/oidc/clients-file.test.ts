import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { followClientsFile, readClientsFile } from '../../../src/oidc/clients-file.ts'
import { secretMatches } from '../../../src/oidc/client.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { clientsFile, giteaEntry, makeClientsFolder, writeClients } from '../../support/oidc-clients.ts'
import { createRecordingLog } from '../../support/recording-log.ts'

const wikiEntry = { ...giteaEntry, client_id: 'wiki', app: 'outline', url: 'https://wiki.example.com', allow: { groups: ['staff'] } }

const [secret, otherSecret] = ['0123456789abcdef0123456789abcdef', 'fedcba9876543210fedcba9876543210']

const { client_secret_sha256: _, ...withoutSecret } = giteaEntry

const linesOf = (path: string): readonly string[] => {
  try {
    readClientsFile(path)
    return []
  } catch (error) {
    return (error as Error).message.split('\n')
  }
}

await t.test('clients file: read in its order, with a BOM and from a mount, too', async (t) => {
  t.strictSame(readClientsFile(clientsFile(t, [giteaEntry, wikiEntry])).map(({ clientId }) => clientId), ['gitea', 'wiki'])
  t.strictSame(readClientsFile(clientsFile(t, [])), [])
  t.equal(readClientsFile(clientsFile(t, `\ufeff${JSON.stringify({ clients: [wikiEntry] })}\r\n`)).length, 1)
  const path = clientsFile(t, [giteaEntry])
  symlinkSync(path, join(dirname(path), 'link.json'))
  chmodSync(path, 0o444)
  t.equal(readClientsFile(join(dirname(path), 'link.json')).length, 1, 'others may read it: it has no secrets')
})

await t.test('clients file: refused when others can change it, or when it is no file of clients, with one line that quotes nothing of it', async (t) => {
  const path = clientsFile(t, [giteaEntry])
  for (const mode of [0o620, 0o602, 0o666]) {
    chmodSync(path, mode)
    t.strictSame(linesOf(path), [`${path} can be changed by others: chmod go-w it`], mode.toString(8))
  }
  chmodSync(path, 0o600)
  for (const [text, line] of [
    ['', `${path} is no JSON`],
    ['{"clients":[}', /^\S+ is no JSON$/],
    ['{\n"clients" []}', /^\S+ is no JSON \(line 2 column 11\)$/],
    [`{"clients":["${secret}]}`, /^\S+ is no JSON( \(line 1 column \d+\))?$/],
    ['[]', `${path} is no file of clients: it must be {"clients": […]}`],
    ['null', `${path} is no file of clients: it must be {"clients": […]}`],
    ['{"clients":{}}', `${path} is no file of clients: it must be {"clients": […]}`],
    ['{"clients":[],"client":[]}', `${path} has "client" beside "clients", and this release does not know that`],
    [JSON.stringify({ clients: Array.from({ length: 501 }, () => giteaEntry) }), `${path} has 501 clients: at most 500 are possible`],
    [' '.repeat(2_000_001), `${path} is too long for a file of clients`],
  ] as const) {
    writeClients(path, text)
    const lines = linesOf(path)
    t.equal(lines.length, 1, text.slice(0, 40))
    typeof line === 'string' ? t.equal(lines[0], line) : t.match(lines[0], line)
    t.notOk(lines.join().includes(secret))
  }
  t.match(linesOf(join(path, 'x')), [/can't be read: ENOTDIR/])
})

await t.test('clients file: each mistake has a line that names the client and the member', async (t) => {
  const path = clientsFile(t, [giteaEntry, { ...wikiEntry, redirect_uris: ['http://wiki.example.com/'], allow: undefined }, 'x', { ...giteaEntry, url: 'x' }, { client_id: '' }])
  t.strictSame(linesOf(path), [
    `${path}: client "wiki": needs allow: who may log in there is never assumed. Say "everybody", or {"groups": ["staff"]}`,
    `${path}: client 3: must be an object with client_id, url and allow`,
    `${path}: client "gitea": url must be an address like https://app.example.com/callback`,
    `${path}: client "gitea": is there twice: it is also the entry 1 of the file`,
    `${path}: client 5: needs url`,
    `${path}: client 5: needs allow: who may log in there is never assumed. Say "everybody", or {"groups": ["staff"]}`,
    `${path}: client 5: client_id must be 1 to 64 letters, digits, ".", "_" and "-", the first a letter or a digit`,
  ])
})

await t.test('clients file: a secret is read from a private file beside it, and refused when it is weak, public or unreadable', async (t) => {
  const folder = makeClientsFolder(t)
  const [path, file] = [join(folder, 'clients.json'), join(folder, 'secrets/gitea')]
  mkdirSync(dirname(file))
  writeClients(path, [{ ...withoutSecret, client_secret_file: 'secrets/gitea' }])
  t.match(linesOf(path), [/: client "gitea": \S+\/secrets\/gitea can't be read: ENOENT/])
  const write = (text: string, mode = 0o600): void => {
    writeFileSync(file, text)
    chmodSync(file, mode)
  }
  write(`${secret}\n`)
  const [client] = readClientsFile(path)
  t.ok(client !== undefined && secretMatches(client, secret))
  for (const text of ['', 'short', `${secret} ${secret}`, `${secret}/+`, `${secret}密`, 'x'.repeat(257)]) {
    write(text)
    t.match(linesOf(path), [/: client "gitea": the secret in client_secret_file must be 32 to 256 of A-Z, a-z, 0-9, "_" and "-", /], text)
  }
  write('aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb')
  t.match(linesOf(path), [/can be guessed/])
  write(secret, 0o644)
  t.match(linesOf(path), [/: client "gitea": \S+ can be read by others: chmod 600 it$/])
})

const followed = (t: Test, clients: readonly unknown[]) => {
  const path = clientsFile(t, clients)
  const [clock, log] = [createFakeClock(), createRecordingLog()]
  const file = followClientsFile(path, clock, log)
  t.teardown(() => { file.stop() })
  const changes: Array<readonly string[]> = []
  const unsubscribe = file.onChange((ids) => { changes.push(ids) })
  return { path, clock, log, file, changes, unsubscribe }
}

await t.test('clients file: a client is added, changed and removed within five seconds when the file is, and the others stay the same', async (t) => {
  const { path, clock, log, file, changes, unsubscribe } = followed(t, [giteaEntry, wikiEntry])
  const [gitea, wiki] = [file.find('gitea'), file.find('wiki')]
  t.ok(gitea !== undefined && wiki !== undefined)
  t.equal(file.find('Gitea'), undefined)
  t.equal(file.find('__proto__'), undefined)

  writeClients(path, [giteaEntry, { ...wikiEntry, allow: { groups: ['family'] } }, { ...giteaEntry, client_id: 'third' }])
  clock.advance(4999)
  t.equal(file.find('wiki'), wiki)
  clock.advance(1)
  t.equal(file.find('gitea'), gitea, 'the same object')
  t.strictSame(file.find('wiki')?.allow, { groups: ['family'] })
  t.strictSame(file.list().map(({ clientId }) => clientId), ['gitea', 'wiki', 'third'])

  writeClients(path, JSON.stringify({ clients: [giteaEntry] }, null, 2))
  clock.advance(5000)
  t.equal(file.find('wiki'), undefined)
  t.strictSame(changes, [['wiki', 'third'], ['wiki', 'third']])
  t.strictSame(log.lines, Array(2).fill(`info: ${path} has changed: its clients are in use from now on`))

  unsubscribe()
  writeClients(path, [])
  clock.advance(5000)
  t.strictSame(file.list(), [])
  t.equal(changes.length, 2)

  file.stop()
  writeClients(path, [giteaEntry])
  clock.advance(60_000)
  t.strictSame(file.list(), [], 'not read any more')
})

await t.test('clients file: a changed file of a secret takes effect within five seconds, and no other does', async (t) => {
  const { path, clock, file, changes } = followed(t, [giteaEntry])
  const secretFile = join(dirname(path), 'gitea.secret')
  writeFileSync(secretFile, secret, { mode: 0o600 })
  writeClients(path, [{ ...withoutSecret, client_secret_file: 'gitea.secret' }, wikiEntry])
  clock.advance(5000)
  writeFileSync(secretFile, otherSecret)
  clock.advance(5000)
  const client = file.find('gitea')
  t.ok(client !== undefined && secretMatches(client, otherSecret) && !secretMatches(client, secret))
  t.strictSame(changes, [['gitea', 'wiki'], ['gitea']])
})

await t.test('clients file: the clients stay as they were, with one line in the log, while the file can\'t be used', async (t) => {
  const { path, clock, log, file, changes } = followed(t, [giteaEntry])
  const before = file.list()
  const aside = `${path}.aside`
  const line = (what: string): string => `error: ${path}${what}; keeping the clients as they were. Fix the file: the service would not start with it`
  writeClients(path, '{')
  clock.advance(60_000)
  t.strictSame(file.list(), before)
  t.match(log.lines, [/^error: \S+ is no JSON.*; keeping the clients as they were\. Fix the file/])
  t.equal(log.lines.length, 1, 'once')

  renameSync(path, aside)
  clock.advance(60_000)
  t.equal(file.find('gitea'), before[0])
  t.equal(log.lines.length, 2)

  writeClients(path, [{ ...giteaEntry, allow: 'anybody' }])
  clock.advance(60_000)
  t.equal(log.lines[2], line(': client "gitea": allow must be "everybody", or {"groups": ["staff"]} with the groups whose people may log in'))

  writeClients(path, [giteaEntry])
  clock.advance(5000)
  t.strictSame(changes, [], 'as before')
  writeClients(path, '{')
  clock.advance(5000)
  t.equal(log.lines.length, 4, 'the same mistake again is told again')
  rmSync(aside)
})

await t.test('clients file: the start is refused when the file can\'t be used', async (t) => {
  const path = clientsFile(t, [{ ...giteaEntry, allow: undefined }])
  t.throws(() => followClientsFile(path, createFakeClock(), createRecordingLog()), { message: /client "gitea": needs allow/ })
  t.throws(() => followClientsFile(`${path}.none`, createFakeClock(), createRecordingLog()), { message: `${path}.none does not exist: "npm run clients -- add <app> <address>" makes it` })
})
