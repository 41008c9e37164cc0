import type { Check } from './context.ts'

export const checkStore: Check = async () => []
