import type { Check } from './context.ts'

export const checkFiles: Check = async () => []
