/** People and their js_codes, each valid for five minutes and once. */
import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../../login/ports.ts'
import { ErrcodeError } from './errors.ts'

export interface People {
  /** Makes a js_code, as `wx.login` on the person's phone does. */
  jsCode (person: string): string
  openidOf (person: string): string
  unionidOf (person: string): string
  /** Uses a js_code up. Throws 40029 or 40163. */
  redeem (jsCode: string, withUnionid: boolean): { readonly openid: string, readonly unionid?: string, readonly session_key: string }
}

const jsCodeTtlMs = 300_000

export const createPeople = (clock: Pick<Clock, 'now'>, appid: string): People => {
  const jsCodes = new Map<string, { readonly person: string, readonly expiresAt: number, used: boolean }>()

  // A person's openid differs per mini program and stays the same across restarts.
  const openidOf = (person: string): string => `o${digestOf(`${appid} ${person}`)}`
  const unionidOf = (person: string): string => `oU${digestOf(`union ${person}`).slice(1)}`

  return {
    openidOf,
    unionidOf,
    jsCode: (person) => {
      for (const [jsCode, { expiresAt }] of jsCodes) {
        if (expiresAt + jsCodeTtlMs < clock.now()) jsCodes.delete(jsCode)
      }
      const jsCode = randomBytes(24).toString('base64url')
      jsCodes.set(jsCode, { person, expiresAt: clock.now() + jsCodeTtlMs, used: false })
      return jsCode
    },
    redeem: (jsCode, withUnionid) => {
      const known = jsCodes.get(jsCode)
      if (known === undefined || known.expiresAt <= clock.now()) throw new ErrcodeError(40029)
      if (known.used) throw new ErrcodeError(40163)
      known.used = true
      return { openid: openidOf(known.person), ...(withUnionid && { unionid: unionidOf(known.person) }), session_key: randomBytes(16).toString('base64') }
    },
  }
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 27)
