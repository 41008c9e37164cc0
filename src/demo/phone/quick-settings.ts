import type { PhoneSettings } from '../runtime/host.ts'
import { onTap, part } from './elements.ts'

const hourMs = 3_600_000

/** Binds the switches and returns a function that reads the settings. The theme follows the system's until the person switches it. */
export const createQuickSettings = (language: string, onChange: () => void): () => PhoneSettings => {
  const systemTheme = matchMedia('(prefers-color-scheme: dark)')
  const on = { flight: false, dark: systemTheme.matches, large: false, fast: false }
  const names = Object.keys(on) as Array<keyof typeof on>
  const set = (name: keyof typeof on, value: boolean): void => {
    on[name] = value
    draw()
    onChange()
  }
  const draw = (): void => {
    for (const name of names) part(`[data-switch=${name}]`).setAttribute('aria-checked', String(on[name]))
  }
  const followSystem = ({ matches }: MediaQueryListEvent): void => set('dark', matches)
  systemTheme.addEventListener('change', followSystem)
  for (const name of names) {
    onTap(`[data-switch=${name}]`, () => {
      if (name === 'dark') systemTheme.removeEventListener('change', followSystem)
      set(name, !on[name])
    })
  }
  draw()
  return () => ({
    online: !on.flight,
    clockOffsetMs: on.fast ? hourMs : 0,
    fontSizePx: on.large ? 22 : 16,
    theme: on.dark ? 'dark' : 'light',
    language,
  })
}
