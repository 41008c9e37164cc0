/** Which server is the master, according to Redis Sentinels. */
import type { Node, RedisAddress } from './redis-address.ts'
import { clientOptions, makeClient } from './redis-client.ts'

/** A Sentinel that takes longer counts as down. */
const answerWithinMs = 500

/**
 * Asks all Sentinels at once and takes the answer that most of them give, as one that is cut off from the others still names the old master. Rejects where
 * none answers. They are asked again for each new connection (https://redis.io/docs/latest/develop/reference/sentinel-clients/). Why not with @redis/client's
 * own Sentinel client: see README.md.
 */
export const askSentinels = async ({ nodes, name, credentials }: RedisAddress & { kind: 'sentinel' }, signal: AbortSignal): Promise<Node> => {
  const answers = await Promise.allSettled(nodes.map((node) => askOne(node, name, credentials)))
  signal.throwIfAborted()
  const masters = answers.flatMap((answer) => answer.status === 'fulfilled' ? [answer.value] : [])
  const votes = Map.groupBy(masters, ({ host, port }) => `${host} ${port}`)
  const [winners] = [...votes.values()].sort((a, b) => b.length - a.length)
  if (winners?.[0] !== undefined) return winners[0]
  throw new Error('No Sentinel names a master', { cause: answers.find((answer) => answer.status === 'rejected')?.reason })
}

/** Asks with the servers' credentials, and again without where the Sentinel refuses them: often Sentinels have no password while the servers have one. */
const askOne = async (node: Node, name: string, credentials: object): Promise<Node> => {
  try {
    return await masterBy(node, name, credentials)
  } catch (error) {
    if (!/AUTH|WRONGPASS/.test(String(error))) throw error
    return await masterBy(node, name, {})
  }
}

const masterBy = async (node: Node, name: string, credentials: object): Promise<Node> => {
  const client = makeClient({
    ...clientOptions,
    ...credentials,
    socket: { ...clientOptions.socket, ...node, connectTimeout: answerWithinMs, socketTimeout: answerWithinMs },
  })
  client.on('error', () => {}) // the call rejects with it
  try {
    await client.connect()
    const answer = await client.sendCommand(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name])
    if (!Array.isArray(answer)) throw new Error(`The Sentinel knows no master "${name}"`)
    return { host: String(answer[0]), port: Number(answer[1]) }
  } finally {
    if (client.isOpen) client.destroy()
  }
}
