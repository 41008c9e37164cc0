/** A network as Docker makes it: a bridge, on which this machine has the gateway's address. For root. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { installed } from '../installed.ts'
import type { TeardownScope } from '../teardown-scope.ts'

export interface Network {
  readonly bridge: string
  readonly gateway: string
  /** The bits of its prefix. */
  readonly bits: number
}

export const openNetwork = (t: TeardownScope, name: string, subnet: string, gateway: string): Network => {
  const bridge = `sl-${createHash('sha256').update(name).digest('hex').slice(0, 8)}` // Linux takes 15 characters
  const bits = Number(subnet.split('/')[1])
  const ip = (...words: readonly string[]): void => { execFileSync(installed('ip'), words, { stdio: ['ignore', 'ignore', 'pipe'] }) }
  const remove = (): void => {
    try {
      ip('link', 'delete', bridge)
    } catch {} // it isn't there
  }
  remove() // a run that was killed has left it
  ip('link', 'add', bridge, 'type', 'bridge')
  t.teardown(remove)
  ip('address', 'add', `${gateway}/${bits}`, 'dev', bridge)
  ip('link', 'set', bridge, 'up')
  return { bridge, gateway, bits }
}
