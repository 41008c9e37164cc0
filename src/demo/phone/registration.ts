/** The window's choice of who may come in: REGISTRATION of the running service. */
import { part } from './elements.ts'
import type { Registration } from './words.ts'

export interface RegistrationChoice {
  now (): Registration
  /** Changes the service's setting. Where that fails, the choice is what it was. */
  choose (registration: Registration): Promise<void>
}

const path = 'demo/registration'

export const createRegistrationChoice = (onChange: () => void): RegistrationChoice => {
  const select = part<HTMLSelectElement>('#registration')
  let now: Registration = 'open'
  const draw = (registration: Registration): void => {
    now = registration
    select.value = now
    onChange()
  }
  const call = async (init?: RequestInit): Promise<void> => {
    const response = await fetch(path, init)
    const { registration } = await response.json() as { registration: Registration } // the demo server's own answer
    draw(response.ok ? registration : now)
  }
  const choose = (registration: Registration): Promise<void> =>
    call({ method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ registration }) })
  const inBackground = (calling: Promise<void>): void => {
    calling.catch((reason: unknown) => {
      console.error(reason)
      draw(now)
    })
  }
  select.addEventListener('change', () => inBackground(choose(select.value as Registration))) // one of the options
  inBackground(call())
  return { now: () => now, choose }
}
