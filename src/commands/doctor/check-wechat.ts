import type { Check } from './context.ts'

export const checkWechat: Check = async () => []
