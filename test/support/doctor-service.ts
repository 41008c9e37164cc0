/** A service for the doctor to look at: the real one in this process, with real clocks and a folder of its own; and the doctor's checks with the same settings. */
import type { Test } from 'tap'
import type { Check, CheckContext } from '../../src/commands/doctor/context.ts'
import type { Finding } from '../../src/commands/doctor/finding.ts'
import { readConfig, readSettings } from '../../src/config.ts'
import { startWechatSimulator } from '../../src/demo/wechat-simulator.ts'
import { systemClock } from '../../src/runtime.ts'
import { openApp } from './open-app.ts'
import { freePort } from './redis.ts'
import { makeFolder } from './service-process.ts'

type Environment = Readonly<Record<string, string>>

export interface DoctorService {
  readonly port: number
  /** The settings that it was started with. */
  readonly env: Environment
}

/** Opens a service on 127.0.0.1, closed when the test ends. */
export const openDoctorService = async (t: Test, more: Environment = {}): Promise<DoctorService> => {
  const folder = makeFolder(t)
  const simulator = await startWechatSimulator()
  t.teardown(simulator.close)
  const port = await freePort()
  const env = {
    PUBLIC_URL: `http://localhost:${port}`,
    HOST: '127.0.0.1',
    PORT: String(port),
    STORE_URL: `sqlite:${folder}/scan-login.db`,
    KEYS_FILE: `${folder}/keys.json`,
    WECHAT_API_URL: simulator.url,
    WECHAT_APPID: simulator.appid,
    WECHAT_SECRET: simulator.secret,
    CODE_SUPPLY: '0',
    LIMIT_GUESS: '100000',
    LOG_LEVEL: 'silent', // warnings about a busy machine don't matter here
    ...more,
  }
  const config = { ...readConfig(env), WECHAT_APPID: simulator.appid, WECHAT_SECRET: simulator.secret }
  const app = await openApp(t, config)
  await app.listen({ host: '127.0.0.1', port })
  return { port, env }
}

/** What the doctor's checks work with when it has these settings. */
export const doctorContext = (env: Environment): CheckContext => ({ ...readSettings(env), environment: env, clock: systemClock })

/** Runs one check of the doctor with these settings. */
export const findingsOf = async (check: Check, env: Environment): Promise<readonly Finding[]> => await check(doctorContext(env))

/** The codes of what is wrong; `not-checked` for what can't be checked. */
export const codesOf = (findings: readonly Finding[]): readonly string[] =>
  findings.flatMap((finding) => 'code' in finding ? [finding.code] : finding.status === 'ok' ? [] : ['not-checked'])
