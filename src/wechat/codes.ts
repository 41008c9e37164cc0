/** Owns the supply of codes: getwxacodeunlimit with the ticket id as `scene`. Codes never end on WeChat's side; tickets do, elsewhere. */
import type { Clock, CodeImage, CodeSupply, Log } from '../login/ports.ts'
import type { AccessTokens } from './access-token.ts'
import type { WechatApi } from './api.ts'
import type { CodeCache } from './code-cache.ts'
import { createDeadline, type Deadline } from './deadline.ts'
import { asUnavailable, WechatFault } from './fault.ts'
import { createSingleFlight } from './single-flight.ts'

/** Which version of the mini program a code opens. */
export type EnvVersion = 'release' | 'trial' | 'develop'

export interface CodesOptions {
  readonly api: WechatApi
  readonly tokens: AccessTokens
  readonly cache: CodeCache
  readonly envVersion: EnvVersion
  readonly clock: Clock
  readonly log: Log
}

export const loginPage = 'pages/login/login'
/** Twice the stage it is shown on (240 px), for screens of double density. WeChat takes 280 to 1280. */
const widthPx = 480
/** WeChat takes 20 special characters besides; ours are base64url. */
const sceneForm = /^[\w-]{1,32}$/

export const createCodes = ({ api, tokens, cache, envVersion, clock, log }: CodesOptions): CodeSupply => {
  const singly = createSingleFlight<CodeImage>()

  const make = async (ticketId: string, deadline: Deadline): Promise<CodeImage> => {
    const token = await tokens.current(deadline)
    try {
      return await askFor(ticketId, token, deadline)
    } catch (error) {
      if (!isRefusedToken(error)) throw error
    }
    // Once and no more: a second refusal has another reason than an old token.
    const another = await tokens.replace(token, deadline)
    try {
      return await askFor(ticketId, another, deadline)
    } catch (error) {
      if (isRefusedToken(error)) log.error({ endpoint: 'getwxacodeunlimit', errcode: error.errcode, rid: error.rid }, 'WeChat refuses an access token that it has just handed out. See what else uses this AppID with force_refresh.')
      throw error
    }
  }

  const askFor = (scene: string, token: string, deadline: Deadline): Promise<CodeImage> => api.call({
    endpoint: 'getwxacodeunlimit',
    query: { access_token: token },
    // Only the published version is checked for the page, so the check would refuse every code for the others.
    json: { scene, page: loginPage, env_version: envVersion, check_path: envVersion === 'release', width: widthPx },
    deadline,
    expects: ['refresh-token'],
    read: ({ image }) => image,
  })

  return {
    codeFor: async (ticketId) => {
      if (!sceneForm.test(ticketId)) throw new RangeError('A ticket id must fit into the scene of a code')
      const made = cache.get(ticketId)
      if (made !== undefined) return made
      try {
        return await singly(ticketId, async () => {
          const deadline = createDeadline(clock)
          const image = await deadline.race(make(ticketId, deadline))
          cache.put(ticketId, image)
          return image
        })
      } catch (error) {
        throw asUnavailable(error)
      }
    },
  }
}

const isRefusedToken = (error: unknown): error is WechatFault => error instanceof WechatFault && error.remedy === 'refresh-token'
