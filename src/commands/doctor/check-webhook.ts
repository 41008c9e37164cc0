/** The webhook: whether a message reaches the receiver, and whether steps wait. */
import { createSecretKey } from 'node:crypto'
import { newId } from '../../domain/ids.ts'
import { proxyFor } from '../../domain/proxy.ts'
import { randomBytes } from '../../domain/random-pool.ts'
import { readWebhookSecrets } from '../../domain/webhook-secret.ts'
import { createFreshDispatcher } from '../../outgoing/dispatcher.ts'
import { isSuccess, type PostAnswer } from '../../outgoing/post.ts'
import { deadlineMs, postMessage } from '../../webhook/post.ts'
import { explainConnection } from './connection-fault.ts'
import type { Check, CheckContext } from './context.ts'
import { failure, ok, type Finding } from './finding.ts'
import { findWaitingSteps } from './waiting-steps.ts'

export const checkWebhook: Check = async (context) => {
  const { WEBHOOK_URL: url, WEBHOOK_SECRET: secret } = context.config
  if (url === null || secret === null) return []
  return (await Promise.all([robotFault(url) ?? postTest(context, url, secret), findWaitingSteps(context)])).flat()
}

/** They answer 200 to whatever is posted, and show nothing of ours. */
const robotHosts: readonly string[] = ['qyapi.weixin.qq.com', 'open.feishu.cn', 'open.larksuite.com', 'oapi.dingtalk.com']

const robotFault = (url: string): Finding | undefined => {
  const { host } = new URL(url)
  return robotHosts.includes(host)
    ? failure('webhook-is-robot', `WEBHOOK_URL leads to the robot of a group chat at ${host}, which answers 200 and shows nothing of what the service posts`, 'put the relay from src/webhook/README.md in between, and name its address in WEBHOOK_URL')
    : undefined
}

/**
 * A message of a type that no step has: only the receiver's answer shows that its secret is the same, and whoever takes messages has to take types that it does
 * not know, as steps are added with time.
 */
const postTest = async ({ config, clock }: CheckContext, url: string, secret: string): Promise<Finding> => {
  const proxy = proxyFor(url, config)
  const dispatcher = createFreshDispatcher({ proxy })
  const keys = (readWebhookSecrets(secret) ?? []).map((bytes) => createSecretKey(bytes)) // config.ts has checked them
  try {
    const answer = await postMessage({ url, keys, dispatcher, clock }, { id: `msg_test_${newId(randomBytes)}`, type: 'test', at: clock.now(), data: { event: 'test' } })
    return findingOf(answer, { host: new URL(url).host, proxyHost: proxy === null ? null : new URL(proxy).host })
  } finally {
    await dispatcher.destroy()
  }
}

const findingOf = ({ status, why }: PostAnswer, target: { readonly host: string, readonly proxyHost: string | null }): Finding => {
  const { host, proxyHost } = target // the rest of the address may have a password
  if (isSuccess(status)) return ok(`the receiver at ${host} takes a test message`)
  if (status === 0 && why === 'no answer in time') return failure('webhook-slow', `the receiver at ${host} does not answer within ${deadlineMs / 1000} s`, 'let it answer 204 first and do its work then: every step waits for the one before it')
  if (status === 0 || (status === 407 && proxyHost !== null)) {
    const { side, text, todo } = explainConnection(status === 0 ? why : 'the proxy answered with status 407', target)
    return failure(side === 'proxy' ? 'webhook-proxy' : side === 'certificate' ? 'webhook-certificate' : 'webhook-unreachable', text, todo)
  }
  if (status === 410) return failure('webhook-gone', `the receiver at ${host} wants no more messages (status 410): nothing is posted until the service starts again`, 'take WEBHOOK_URL out or name another, or let the receiver take messages again, and restart the service')
  if (status >= 300 && status < 400) return failure('webhook-redirects', `${host} sends the message elsewhere (status ${status}), and a redirect is not followed`, 'put the address that it leads to into WEBHOOK_URL: often it is https in place of http, or has a slash at its end')
  if ([400, 401, 403].includes(status)) return failure('webhook-secret-refused', `the receiver at ${host} refuses a signed test message (status ${status})`, 'give the receiver the secret that WEBHOOK_SECRET has, and check that its clock and this one are right, as it refuses what is some minutes old. Let it answer 204 to types that it does not know: this one was "test"')
  return failure('webhook-refused', `the receiver at ${host} does not take a test message (status ${status})`, status === 404 || status === 405 ? 'check the path in WEBHOOK_URL: a POST has to reach the receiver there' : 'look into the log of the receiver, or of the proxy in front of it. Let it answer 204 to types that it does not know: this one was "test"')
}
