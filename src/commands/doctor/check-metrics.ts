import type { Check } from './context.ts'

export const checkMetrics: Check = async () => []
