import type { Check } from './context.ts'

export const checkClock: Check = async () => []
