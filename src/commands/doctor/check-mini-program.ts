import type { Check } from './context.ts'

export const checkMiniProgram: Check = async () => []
