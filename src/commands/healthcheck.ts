/** `npm run healthcheck`: asks the service that has these settings whether it is alive. Docker runs it every few seconds, so it loads little. */
import { get } from 'node:http'
import { readServiceSettings } from '../environment.ts'
import { orExit } from '../serve.ts'
import { localUrl } from './local-url.ts'

const help = `npm run healthcheck [-- --json]

  Asks the service on this machine whether it is alive: exit code 0 if it is, 1 if not.
  --json  prints {"ok", "url", "status", "error"}

The settings are those of the service: HOST, PORT and the path of PUBLIC_URL, from the environment or from .env.
`

interface Health {
  readonly ok: boolean
  readonly url: string
  /** Null where there is no answer. */
  readonly status: number | null
  readonly error: string | null
}

/** With the start of Node.js on a busy machine below the limit that the Dockerfile sets. */
const answerWithinMs = 2500

const ask = async (url: string): Promise<Health> => await new Promise((resolve) => {
  const request = get(url, { timeout: answerWithinMs, agent: false }, (answer) => {
    answer.resume()
    const status = answer.statusCode ?? 0
    resolve({ ok: status === 200, url, status, error: null })
  })
  request.on('timeout', () => { request.destroy(new Error(`no answer within ${answerWithinMs} ms`)) })
  request.on('error', ({ message }) => { resolve({ ok: false, url, status: null, error: message }) })
})

await orExit(async () => {
  const [word, ...rest] = process.argv.slice(2)
  if (word === '--help' || word === '-h') {
    process.stdout.write(help)
    return
  }
  if (rest.length > 0 || (word !== undefined && word !== '--json')) throw new Error('usage: "npm run healthcheck" or "npm run healthcheck -- --json"; "npm run healthcheck -- --help" says more')
  const health = await ask(`${localUrl(readServiceSettings({ withSecretFiles: false }).config)}/health/live`)
  const { ok, url, status, error } = health
  if (word === '--json') process.stdout.write(`${JSON.stringify(health)}\n`)
  else if (ok) process.stdout.write(`${url} answers: the service is alive\n`)
  else throw new Error(error === null ? `${url} answers ${status}: another program may listen there` : `${url} does not answer: ${error}. Is the service running, with these settings?`)
  process.exitCode = ok ? 0 : 1
})
