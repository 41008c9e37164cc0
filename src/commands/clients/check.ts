/** `check`: what is wrong or risky in the file, and with --fetch whether both sides can be reached. */
import { risksOf } from '../../oidc/client-risks.ts'
import { print } from '../print.ts'
import { fetchApps, fetchDiscovery, readClients } from './look.ts'
import { readPlace } from './place.ts'

export const check = async ({ asJson, isFetching }: { readonly asJson: boolean, readonly isFetching: boolean }): Promise<void> => {
  const { config, file, missingSetting } = readPlace()
  const { clients, errors } = readClients(file)
  const risks = [
    ...missingSetting === null ? [] : [`the service doesn't read this file: put ${missingSetting} into .env`],
    ...risksOf(clients, config),
  ]
  const fetched = isFetching ? await Promise.all([fetchDiscovery(config.PUBLIC_URL), ...fetchApps(clients)]) : []
  const failures = fetched.filter(({ error }) => error !== null)
  if (asJson) await print(`${JSON.stringify({ file, errors, risks, fetched })}\n`)
  else await print([...risks.map((risk) => `risk: ${risk}\n`), ...fetched.map(({ url, status, error }) => `${error === null ? 'answers' : 'fails'}: ${url} (${error ?? String(status)})\n`), errors.length > 0 ? '' : `${file}: ${clients.length === 1 ? '1 app' : `${clients.length} apps`}, no mistakes\n`].join(''))
  if (asJson && errors.length + failures.length > 0) process.exitCode = 1
  else if (errors.length > 0) throw new Error(errors.join('\n'))
  else if (failures.length > 0) throw new Error(`${failures.length} of ${fetched.length} calls failed`)
}
