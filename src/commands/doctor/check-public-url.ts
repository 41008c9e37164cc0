import type { Check } from './context.ts'

export const checkPublicUrl: Check = async () => []
