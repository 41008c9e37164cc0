import type { Check } from './context.ts'

export const checkProxy: Check = async () => []
