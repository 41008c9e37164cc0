import type { Check } from './context.ts'

export const checkService: Check = async () => []
