import type { Check } from './context.ts'

export const checkApps: Check = async () => []
