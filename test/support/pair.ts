import type { Test } from 'tap'
import { makeKeyFile } from '../../src/sessions/key-file.ts'
import { makeFolder, openDeployment, waitUntilLive, waitUntilReady, type Deployment } from './service-process.ts'
import { freePort } from './redis.ts'
import { remote, type Remote } from './remote.ts'

type Env = Readonly<Record<string, string>>

export interface PairOptions {
  /** STORE_URL. */
  readonly store: string
  readonly env?: Env
  /** Settings of one of them only. */
  readonly envOfDeployment?: Env
  readonly envOfOther?: Env
}

/** Starts two instances as processes that share one Redis and one key file, without a balancer, and waits until both are ready. */
export const openPair = async (t: Test, { store, env = {}, envOfDeployment = {}, envOfOther = {} }: PairOptions): Promise<{ deployment: Deployment, other: Remote }> => {
  const keyFile = `${makeFolder(t)}/keys.json`
  makeKeyFile(keyFile)
  const deployment = await openDeployment(t, { env: { STORE_URL: store, KEYS_FILE: keyFile, ...env } })
  const port = await freePort()
  const other = remote(`http://127.0.0.1:${port}`)
  t.teardown(() => other.close())
  await deployment.start(envOfDeployment)
  await deployment.start({ ...envOfOther, PORT: String(port) })
  await waitUntilLive(other.call)
  for (const instance of [deployment, other]) await waitUntilReady(instance)
  return { deployment, other }
}
