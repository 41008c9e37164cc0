/** WeChat's errcodes with WeChat's own texts, followed by a random `rid`. */
import { randomBytes } from 'node:crypto'

const texts: Record<number, string> = {
  [-1]: 'system error',
  40001: 'invalid credential, access_token is invalid or not latest',
  40002: 'invalid grant_type',
  40013: 'invalid appid',
  40014: 'invalid access_token',
  40029: 'invalid code',
  40066: 'invalid url',
  40097: 'invalid args',
  40125: 'invalid appsecret',
  40129: 'invalid scene',
  40163: 'code been used',
  40164: 'invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist',
  40165: 'invalid weapp pagepath',
  40169: 'invalid length for scene, or the data is not json string',
  40212: 'invalid query',
  40226: 'code blocked',
  40243: 'AppSecret frozen',
  41001: 'access_token missing',
  41002: 'appid missing',
  41004: 'appsecret missing',
  41008: 'missing code',
  41030: 'invalid page',
  42001: 'access_token expired',
  43001: 'require GET method',
  43002: 'require POST method',
  44990: 'reach max api second frequence limit',
  44993: 'reach max api day frequence limit',
  45009: 'reach max api daily quota limit',
  45011: 'api minute-quota reach limit, must slower, retry next minute',
  47001: 'data format error',
  48001: 'api unauthorized',
  85079: 'miniprogram has no online release',
  85096: 'not allow include scancode_time field',
  85401: 'time limit between 1min and 30days',
  85402: 'invalid env_version',
}

/** Thrown inside the simulator, sent as JSON with HTTP 200. */
export class ErrcodeError extends Error {
  readonly errcode: number

  constructor (errcode: number) {
    super(texts[errcode] ?? 'error')
    this.errcode = errcode
  }

  toJSON (): { errcode: number, errmsg: string } {
    const randomPart = (): string => randomBytes(4).toString('hex')
    return { errcode: this.errcode, errmsg: `${this.message} rid: ${randomPart()}-${randomPart()}-${randomPart()}` }
  }
}
