import type { Check } from './context.ts'

export const checkWebhook: Check = async () => []
